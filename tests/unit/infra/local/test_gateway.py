"""The local stack compresses responses as API Gateway does."""

import asyncio
import gzip
from typing import Any

import pytest

from infra.local.gateway import Message, Receive, Send, compressing, prefers_gzip

API = "/_aws/execute-api/abc/live/api/v1/projects"


@pytest.mark.parametrize(
    ("header", "preferred"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br, zstd", True),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", True),
        ("deflate;q=0.5, gzip;q=0.8", True),
        ("br;q=1.0, gzip;q=0.8", False),  # what API Gateway has not got comes first, so it compresses nothing
        ("gzip;q=0", False),
        ("gzip;q=0, identity", False),
        ("gzip;q=none", False),
        ("identity", False),
        ("*", False),
        ("", False),
    ],
)
def test_the_client_has_to_prefer_gzip(header: str, preferred: bool) -> None:
    assert prefers_gzip(header) == preferred


def ask(
    size: int, *, minimum: int | None = 1000, path: str = API, accepts: str = "gzip", encoded: bool = False
) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a response that has a body of so many bytes."""
    sent: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        headers = [(b"Content-Length", str(size).encode())] + [(b"Content-Encoding", b"br")] * encoded
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * (size // 2), "more_body": True})
        await send({"type": "http.response.body", "body": b"x" * (size - size // 2)})

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "path": path, "headers": [(b"accept-encoding", accepts.encode())]}
    asyncio.run(compressing(app, lambda api: {"abc": minimum}.get(api))(scope, receive, send))
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return headers, b"".join(message["body"] for message in sent[1:])


def test_a_body_of_the_size_is_compressed() -> None:
    headers, body = ask(1000)
    assert headers["content-encoding"] == "gzip"
    assert headers["content-length"] == str(len(body))
    assert gzip.decompress(body) == b"x" * 1000


@pytest.mark.parametrize(
    "request_of",
    [
        {"size": 999},
        {"size": 0},
        {"size": 5000, "minimum": None},
        {"size": 5000, "accepts": "br"},
        {"size": 5000, "path": "/bucket/key"},
        {"size": 5000, "path": "/_aws/execute-api/other/live/"},
        {"size": 5000, "encoded": True},
    ],
    ids=str,
)
def test_everything_else_stays_as_it_is(request_of: dict[str, Any]) -> None:
    headers, body = ask(**request_of)
    assert headers.get("content-encoding") == ("br" if "encoded" in request_of else None)
    assert body == b"x" * request_of["size"]
    assert headers["content-length"] == str(request_of["size"])
