"""Serve a request: check its scope, body and query, look up its Idempotency-Key, then call the handler."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Request, Response

from chalicelib import deadline, telemetry
from chalicelib.api.http import cors, problems, validation
from chalicelib.api.http.endpoints import JSON, Call, Endpoint, Reply, scopes_of
from chalicelib.api.http.negotiation import prefers_csv
from chalicelib.api.http.preferences import RESPOND_ASYNC, prefers_async
from chalicelib.api.http.problems import Problem
from chalicelib.api.http.quoting import quoted
from chalicelib.deadline import DeadlineExceededError
from chalicelib.settings import settings
from chalicelib.store import idempotency
from chalicelib.store.idempotency import Accepted, Stored
from chalicelib.store.shared.errors import Busy, InProgress, Mismatch
from chalicelib.store.shared.throttling import throttled_is_busy

MAX_BODY_BYTES = 6_000_000
# seconds reserved for the response and for a cold start: API Gateway's 29 seconds include it, Lambda's remaining time
# does not
RESERVE = 4.0
RETRY_AFTER = "10"  # seconds
RETRY_IF_BUSY = "2"  # seconds; contention passes sooner than a lack of time
ACCEPTED_TYPES = {JSON: (JSON, "application/merge-patch+json")}  # where more than the declared content type is accepted

logger = Logger()


def respond(endpoint: Endpoint, request: Request, path: Mapping[str, str]) -> Response:
    """Serve a request; every failure becomes a problem document, and every request writes one log line."""
    vary = ("Accept",) if endpoint.is_list else ()
    return _respond(endpoint.path, request, partial(_serve, endpoint, request, path), vary)


def respond_without_endpoint(path: str, accepted: Sequence[str], request: Request) -> Response:
    """Serve OPTIONS, and refuse a method that the path does not accept."""
    return _respond(path, request, partial(_serve_without_endpoint, path, accepted, request))


def _respond(path: str, request: Request, serve: Callable[[], Stored], vary: Sequence[str] = ()) -> Response:
    started = time.perf_counter()
    request_id = str(request.context.get("requestId", ""))
    telemetry.note(request_id=request_id)
    try:
        with deadline.within(_seconds(request) - RESERVE), throttled_is_busy():
            reply = serve()
    except Problem as problem:
        reply = _error_response(problem)
    except DeadlineExceededError:
        detail = "The request took longer than the limit of 29 seconds. Retry later, or split it into smaller requests."
        reply = _error_response(Problem(problems.DEADLINE_EXCEEDED, detail, headers={"Retry-After": RETRY_AFTER}))
    except Busy as busy:
        logger.warning("busy", reason=str(busy))
        detail = "Too many requests at once, or several that change the same items. Send the request again later."
        reply = _error_response(Problem(problems.UNAVAILABLE, detail, headers={"Retry-After": RETRY_IF_BUSY}))
    except Exception:
        logger.exception("unexpected error")
        detail = f"The datastore had an unexpected error. If it persists, report the request id {request_id}."
        reply = _error_response(Problem(problems.INTERNAL, detail))
    logger.info(
        "request",
        method=request.method,
        path=path,
        status=reply.status,
        ms=round((time.perf_counter() - started) * 1000, 1),
    )
    origins, origin = settings().cors_origins, request.headers.get("origin")
    headers: dict[str, str | list[str]] = {
        **reply.headers,
        **cors.headers(origins, origin),
        "Vary": ", ".join(["Accept-Encoding", *vary, *cors.vary(origins)]),
        "X-Request-Id": request_id,
    }
    return Response(body="" if request.method == "HEAD" else reply.body, status_code=reply.status, headers=headers)


def _seconds(request: Request) -> float:
    """How long Lambda lets the request run from now."""
    context: Any = request.lambda_context
    return float(context.get_remaining_time_in_millis()) / 1000


def to_json(value: Any) -> str:
    """Compact JSON that keeps the order of the keys."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def lambda_bytes(value: Any) -> int:
    """The size of a value in a response as Lambda counts it: the body is JSON within JSON, with each quote escaped."""
    return len(json.dumps(to_json(value), ensure_ascii=False).encode())


def text_bytes(text: str) -> int:
    """The same for a text."""
    return len(json.dumps(text, ensure_ascii=False).encode())


def _error_response(problem: Problem) -> Stored:
    headers = {"Content-Type": problems.CONTENT_TYPE, **problem.headers}
    return Stored(problem.kind.status, headers, to_json(problem.document()))


def _serve(endpoint: Endpoint, request: Request, path: Mapping[str, str]) -> Stored:
    _check_scope(endpoint, request)
    raw = request.raw_body
    raw = raw.encode() if isinstance(raw, str) else raw
    if endpoint.body is not None:
        _check_body(endpoint, request, raw)
    call = Call(
        query=validation.from_query(endpoint.query, _parameters(request)),
        body=_body(endpoint, raw),
        path=path,
        raw=raw,
        request=request,
        item=endpoint.item,
        asynchronous=endpoint.asynchronous is not None and prefers_async(request.headers),
        columns=endpoint.columns if endpoint.is_list and prefers_csv(request.headers) else None,
    )
    key = request.headers.get("idempotency-key")
    if key is None or endpoint.method != "POST":
        return _handle(endpoint, call)
    return _handle_once(endpoint, call, key)


def _serve_without_endpoint(path: str, accepted: Sequence[str], request: Request) -> Stored:
    allow = {"Allow": ", ".join(accepted)}
    if request.method == "OPTIONS":
        return Stored(204, allow | cors.preflight(settings().cors_origins, request.headers.get("origin"), accepted), "")
    detail = f"{path} does not accept {request.method}; it accepts {allow['Allow']}."
    raise Problem(problems.METHOD_NOT_ALLOWED, detail, headers=allow)


def _check_scope(endpoint: Endpoint, request: Request) -> None:
    granted = scopes_of(request)
    if endpoint.scope and endpoint.scope not in granted:
        has = " and ".join(sorted(granted)) or "none"
        detail = f"This request needs the scope {endpoint.scope}, and the token has {has}. Use a token with that scope."
        raise Problem(problems.FORBIDDEN, detail)


def _check_body(endpoint: Endpoint, request: Request, raw: bytes) -> None:
    if len(raw) > MAX_BODY_BYTES:
        raise Problem(
            problems.TOO_LARGE,
            f"The body is {len(raw) / 1e6:.1f} MB; the limit is 6 MB. Split a list into several requests. For a larger "
            "meter_input, post its series to trace_records/ and weather_records/, then run the trace.",
        )
    content_type = request.headers.get("content-type", endpoint.accepts).partition(";")[0].strip().lower()
    if content_type not in ACCEPTED_TYPES.get(endpoint.accepts, (endpoint.accepts,)):
        raise Problem(
            problems.UNSUPPORTED_MEDIA_TYPE, f"The Content-Type is {quoted(content_type)}; send {endpoint.accepts}."
        )


def _body(endpoint: Endpoint, raw: bytes) -> Any:
    if endpoint.body is None:
        return None
    return validation.from_json(endpoint.adapter, raw) if endpoint.accepts == JSON else validation.from_text(raw)


def _parameters(request: Request) -> dict[str, list[str]]:
    given = request.query_params
    return {} if given is None else {name: given.getlist(name) for name in given}


def _handle(endpoint: Endpoint, call: Call[Any, Any]) -> Stored:
    return _stored(endpoint, endpoint.handler(call))


def _stored(endpoint: Endpoint, reply: Reply) -> Stored:
    if endpoint.status == 204:
        return Stored(204, reply.headers, "")
    body = to_json(reply.body) if reply.content_type == JSON else reply.body
    return Stored(reply.status or endpoint.status, {"Content-Type": reply.content_type, **reply.headers}, body)


def _handle_once(endpoint: Endpoint, call: Call[Any, Any], given: str) -> Stored:
    """The handler's response, or that to the first request with this key."""
    if not (1 <= len(given) <= 255 and given.isprintable()):
        raise Problem(problems.INVALID, "The Idempotency-Key is not valid; use 1 to 255 printable characters.")
    token = call.request.context.get("authorizer", {}).get("token", "")
    key = hashlib.sha256(f"{token}\n{given}".encode()).hexdigest()
    try:
        found = idempotency.begin(key, _request_hash(endpoint, call))
    except Mismatch:
        detail = "This Idempotency-Key was already used with a different request. Use a new key for a new request."
        raise Problem(problems.KEY_REUSED, detail) from None
    except InProgress:
        raise _in_progress() from None
    if isinstance(found, Stored):
        return found
    if isinstance(found, Accepted):
        reply = _repeat(endpoint, call, found.created)
    else:
        try:
            with idempotency.holding(found):
                reply = _handle(endpoint, call)
        except Exception:
            if idempotency.abandon(found):
                raise
            logger.exception("the request failed after it, or a repeat of it, was accepted")
            raise _in_progress() from None
    try:
        idempotency.finish(key, reply)
    except Exception:  # the work is done, and the client should get the response
        logger.exception("the response for an Idempotency-Key was not stored")
    return reply


def _in_progress() -> Problem:
    detail = "The first request with this Idempotency-Key is still running. Retry to get its response."
    return Problem(problems.KEY_IN_PROGRESS, detail, headers={"Retry-After": "2"})


def _request_hash(endpoint: Endpoint, call: Call[Any, Any]) -> str:
    """A hash of the method, path, query and body, and of the preference of an asynchronous request."""
    request = [endpoint.method, endpoint.path, sorted(call.path.items()), sorted(_parameters(call.request).items())]
    preferred = f"\n{RESPOND_ASYNC}" if call.asynchronous else ""
    return hashlib.sha256(f"{json.dumps(request)}{preferred}\n".encode() + call.raw).hexdigest()


def _repeat(endpoint: Endpoint, call: Call[Any, Any], created: Mapping[str, Any]) -> Stored:
    """The response to a request that was accepted, from what it created."""
    reply = endpoint.repeat(call, created) if endpoint.repeat else None
    if reply is None:
        detail = "The first request with this Idempotency-Key was accepted, and what it created was deleted since."
        raise Problem(problems.KEY_REUSED, detail)
    return _stored(endpoint, reply)
