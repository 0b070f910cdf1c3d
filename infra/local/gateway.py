"""MiniStack, with API Gateway's payload compression added, which MiniStack lacks.

A REST API with a `MinimumCompressionSize` gets its responses compressed as API Gateway does (its developer guide,
"Payload compression for REST APIs"): when the coding that Accept-Encoding prefers is supported, the body has the size,
and the function has not encoded it itself. API Gateway has two codings, gzip and deflate; this supports only gzip.

Started as a file, since a PYTHONPATH would reach the functions, which have their own copy of the code.
"""

import gzip
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]

PATH = re.compile(r"/_aws/execute-api/([^/]+)/")  # the path of a request to an API; captures the API's id


def prefers_gzip(accept_encoding: str) -> bool:
    """Whether gzip is among the codings that a client likes best (RFC 9110, section 12.5.3).

    >>> [prefers_gzip(header) for header in ("gzip, deflate, br", "br, gzip;q=0.5", "gzip;q=0", "*", "")]
    [True, False, False, False, False]
    """
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        given = dict(part.partition("=")[::2] for part in parameters)
        try:
            weights[coding] = float(given.get("q", 1))
        except ValueError:
            weights[coding] = 0.0
    return 0 < weights.get("gzip", 0.0) == max(weights.values())


def compressing(app: App, minimum_of: Callable[[str], int | None]) -> App:
    """The application with compression; `minimum_of` gives an API's MinimumCompressionSize by the API's id."""

    async def compressing_app(scope: Message, receive: Receive, send: Send) -> None:
        api = PATH.match(scope.get("path", "")) if scope["type"] == "http" else None
        minimum = minimum_of(api[1]) if api else None
        if minimum is None or not prefers_gzip(_header(scope, b"accept-encoding")):
            return await app(scope, receive, send)
        start: Message = {}
        body = b""

        async def send_compressed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                if len(body) >= minimum and not _header(start, b"content-encoding"):
                    body = gzip.compress(body)
                    kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
                    size = str(len(body)).encode()
                    start["headers"] = [*kept, (b"content-encoding", b"gzip"), (b"content-length", size)]
                await send(start)
                await send({"type": "http.response.body", "body": body})

        return await app(scope, receive, send_compressed)

    return compressing_app


def _header(message: Message, wanted: bytes) -> str:
    """A header's values as one; empty if there is none."""
    return ",".join(value.decode("latin-1") for name, value in message.get("headers", ()) if name.lower() == wanted)


def main() -> None:
    """Run MiniStack."""
    from ministack import app as ministack
    from ministack.services import apigateway_v1

    def minimum_of(api: str) -> int | None:
        found: dict[str, Any] = apigateway_v1._rest_apis.get(api) or {}
        minimum = found.get("minimumCompressionSize")
        return None if minimum is None else int(minimum)

    ministack.app = compressing(ministack.app, minimum_of)
    ministack.main()


if __name__ == "__main__":
    main()
