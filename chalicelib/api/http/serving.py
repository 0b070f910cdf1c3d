"""From a request to a response: who may, is it well formed, was it answered before; then the handler."""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Request, Response

from chalicelib import telemetry
from chalicelib.api.http import problems, validation
from chalicelib.api.http.endpoints import JSON, Call, Endpoint
from chalicelib.api.http.problems import Problem
from chalicelib.store import idempotency
from chalicelib.store.idempotency import Stored
from chalicelib.store.shared.errors import InProgress, Mismatch

MOST_BYTES = 6_000_000
SAME = {JSON: (JSON, "application/merge-patch+json")}  # what counts as a content type, beside itself

logger = Logger()


def answer(endpoint: Endpoint, request: Request, path: Mapping[str, str]) -> Response:
    """Serve a request; every failure is a problem document, and every call one line in the log."""
    started = time.perf_counter()
    request_id = str(request.context.get("requestId", ""))
    telemetry.note(request_id=request_id)
    try:
        reply = _serve(endpoint, request, path)
    except Problem as problem:
        reply = _refusal(problem)
    except Exception:
        logger.exception("unexpected error")
        detail = f"Something went wrong here. Report request {request_id} if it stays."
        reply = _refusal(Problem(problems.INTERNAL, detail))
    logger.info(
        "request",
        method=endpoint.method,
        path=endpoint.path,
        status=reply.status,
        ms=round((time.perf_counter() - started) * 1000, 1),
    )
    return Response(body=reply.body, status_code=reply.status, headers=dict(reply.headers))


def to_json(value: Any) -> str:
    """Compact JSON in the order of the keys."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def lambda_bytes(value: Any) -> int:
    """The size of a value in a response as Lambda counts it: the body is JSON within JSON, each quote escaped."""
    return len(json.dumps(to_json(value), ensure_ascii=False).encode())


def _refusal(problem: Problem) -> Stored:
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
    )
    key = request.headers.get("idempotency-key")
    if key is None or endpoint.method != "POST":
        return _handle(endpoint, call)
    return _once(endpoint, call, key)


def _check_scope(endpoint: Endpoint, request: Request) -> None:
    granted = str(request.context.get("authorizer", {}).get("scopes", "")).split()
    if endpoint.scope and endpoint.scope not in granted:
        has = " and ".join(sorted(granted)) or "none"
        raise Problem(problems.FORBIDDEN, f"This needs the scope {endpoint.scope}; the token has {has}.")


def _check_body(endpoint: Endpoint, request: Request, raw: bytes) -> None:
    if len(raw) > MOST_BYTES:
        raise Problem(
            problems.TOO_LARGE,
            f"The body is {len(raw) / 1e6:.1f} MB, and a request holds at most 6 MB. Send a list in several requests; "
            "for a larger meter_input, post its series to trace_records/ and weather_records/ and run the trace.",
        )
    content_type = request.headers.get("content-type", endpoint.takes).partition(";")[0].strip().lower()
    if content_type not in SAME.get(endpoint.takes, (endpoint.takes,)):
        raise Problem(problems.OTHER_TYPE, f"The Content-Type is {content_type!r}; send {endpoint.takes}.")


def _body(endpoint: Endpoint, raw: bytes) -> Any:
    if endpoint.body is None:
        return None
    return validation.from_json(endpoint.adapter, raw) if endpoint.takes == JSON else validation.from_text(raw)


def _parameters(request: Request) -> dict[str, list[str]]:
    given = request.query_params
    return {} if given is None else {name: given.getlist(name) for name in given}


def _handle(endpoint: Endpoint, call: Call[Any, Any]) -> Stored:
    reply = endpoint.handler(call)
    if endpoint.status == 204:
        return Stored(204, reply.headers, "")
    body = to_json(reply.body) if reply.content_type == JSON else reply.body
    return Stored(endpoint.status, {"Content-Type": reply.content_type, **reply.headers}, body)


def _once(endpoint: Endpoint, call: Call[Any, Any], key: str) -> Stored:
    """The handler's response, or that of the first request with this key."""
    if not (1 <= len(key) <= 255 and key.isprintable()):
        raise Problem(problems.INVALID, "An Idempotency-Key has 1 to 255 printable characters.")
    owner = call.request.context.get("authorizer", {}).get("principalId", "")
    scoped = hashlib.sha256(f"{owner}\n{endpoint.path}\n{key}".encode()).hexdigest()
    try:
        first = idempotency.begin(scoped, hashlib.sha256(call.raw).hexdigest())
    except Mismatch:
        detail = "This Idempotency-Key came with another body before. Take a new key for a new request."
        raise Problem(problems.KEY_REUSED, detail) from None
    except InProgress:
        detail = "The first request with this Idempotency-Key has not ended. Ask again for its response."
        raise Problem(problems.KEY_IN_PROGRESS, detail, headers={"Retry-After": "2"}) from None
    if first is not None:
        return first
    try:
        reply = _handle(endpoint, call)
    except Exception:
        idempotency.abandon(scoped)
        raise
    try:
        idempotency.finish(scoped, reply)
    except Exception:  # what was asked for is done, and the client should hear so
        logger.exception("the response to an Idempotency-Key was not kept")
    return reply
