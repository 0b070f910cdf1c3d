"""Which presigned URLs open their document: the signatures of our own credentials are computed, S3 knows the others."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.store.shared import signatures

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "ours", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "to/ken=="}
WRONG = "has a wrong or expired signature"


def signed(key: str = "ours", secret: str = "secret", endpoint: str | None = None) -> str:
    client = boto3.client(
        "s3",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token="to/ken==",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    location = {"Bucket": "bucket", "Key": "meter_inputs/a.json"}
    return str(client.generate_presigned_url("get_object", Params=location, ExpiresIn=600))


def why(url: str, after: int = 0) -> str | None:
    return signatures.why_refused(url, datetime.now(UTC) + timedelta(seconds=after))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3() -> Iterator[Callable[[int], tuple[str, list[Any]]]]:
    """Starts a server that responds with a status; returns its URL and the requests that it gets."""
    servers: list[HTTPServer] = []

    def start(status: int) -> tuple[str, list[Any]]:
        requests: list[Any] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append((self.path, self.headers["Range"]))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}", requests

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_url_signed_with_our_credentials_is_accepted_until_it_expires() -> None:
    assert why(signed()) is None
    assert why(signed(), after=590) is None
    assert why(signed(), after=601) == "has expired"


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.partition("?")[0],
        lambda url: url.partition("&X-Amz-Signature")[0],
        lambda url: url.replace("X-Amz-Date", "Date"),
        lambda url: url.replace("Expires=600", "Expires=soon"),
        lambda url: url.replace("Expires=600", "Expires=99999999999999"),
        lambda url: url + "&X-Amz-Expires=600",
        lambda url: url.replace("&X-Amz", ";X-Amz"),
        lambda url: url.partition("?")[0] + "?X-Amz-Signature",
    ],
)
def test_a_url_without_a_complete_signature_is_refused(change: Callable[[str], str]) -> None:
    assert why(change(signed())) == "has no signature"


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url.replace("Expires=600", "Expires=604800"),
        lambda url: url.replace("/a.json", "/b.json"),
        lambda url: url.replace("%2Fs3", ""),
        lambda url: url.replace("eu-west-1", "eu-west-2"),
        lambda url: url + "&x=1",
        lambda url: url + "é",
        lambda url: url.partition("Signature=")[0] + "Signature=",
        lambda url: signed(secret="another"),
    ],
)
def test_a_url_with_a_wrong_signature_is_refused(change: Callable[[str], str]) -> None:
    assert why(change(signed())) in (WRONG, "has no signature")


@pytest.mark.parametrize(
    ("status", "expected"), [(206, None), (200, None), (403, WRONG), (400, WRONG), (404, WRONG), (307, WRONG)]
)
def test_s3_is_asked_about_a_url_of_earlier_credentials(
    s3: Callable[[int], tuple[str, list[Any]]], status: int, expected: str | None
) -> None:
    endpoint, requests = s3(status)
    url = signed("earlier", endpoint=endpoint)
    assert why(url) == expected
    assert requests == [(url.removeprefix(endpoint), "bytes=0-0")]
    assert why(url, after=601) == "has expired"
    assert len(requests) == 1  # S3 is not asked about what has expired


def test_a_failure_of_s3_is_not_a_wrong_signature(s3: Callable[[int], tuple[str, list[Any]]]) -> None:
    with pytest.raises(ConnectionError, match="503"):
        why(signed("earlier", endpoint=s3(503)[0]))
