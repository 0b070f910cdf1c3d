"""Files are sent in parts, of which those that have arrived are not sent again."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from datastore_client import AsyncClient, Client, DatastoreError, Failed, Problem
from tests.unit.client.conftest import URL

PART = 1_000_000


class Uploads:
    """One upload in parts; `losing` are the numbers of parts of which the first attempt is cut off."""

    def __init__(self, size: int, losing: Iterable[int] = (), in_parts: bool = True) -> None:
        self.size, self.losing, self.in_parts = size, set(losing), in_parts
        self.arrived: dict[int, bytes] = {}
        self.puts: list[int] = []
        self.signature = 1
        self.valid = 1  # the oldest signature that is accepted
        self.status = "WAITING"
        self.outcome = "SUCCESS"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket.test":
            return self._put(request)
        if request.url.path.endswith("/complete/"):
            return self._complete()
        if request.method == "GET":
            self.signature += 1
            if self.status == "PENDING":
                self.status = self.outcome
        return httpx.Response(200, json=self.document())

    def _put(self, request: httpx.Request) -> httpx.Response:
        number, signature = int(request.url.params["number"]), int(request.url.params["signature"])
        self.puts.append(number)
        if number in self.losing:
            self.losing.remove(number)
            raise httpx.WriteError("connection reset")
        if signature < self.valid:
            return httpx.Response(403, text="<Error><Code>AccessDenied</Code><Message>expired</Message></Error>")
        self.arrived[number] = request.read()
        if not self.in_parts:
            self.status = "PENDING"
        return httpx.Response(200)

    def _complete(self) -> httpx.Response:
        if missing := [part["number"] for part in self._parts() if not part["uploaded"]]:
            return httpx.Response(409, json={"title": "Incomplete", "detail": f"Parts {missing} are missing."})
        self.status = "PENDING"
        return httpx.Response(200, json=self.document())

    def _parts(self) -> list[dict[str, Any]]:
        return [
            {
                "number": number,
                "start": start,
                "end": min(start + PART, self.size),
                "url": self._url(number),
                "uploaded": number in self.arrived,
            }
            for number, start in enumerate(range(0, self.size, PART), start=1)
        ]

    def _url(self, number: int) -> str:
        return f"https://bucket.test/key?number={number}&signature={self.signature}"

    def document(self) -> dict[str, Any]:
        """The upload as the API returns it."""
        waiting = self.status == "WAITING"
        return {
            "id": 7,
            "status": self.status,
            "url": self._url(1) if waiting and not self.in_parts else None,
            "parts": self._parts() if waiting and self.in_parts else None,
            "failure_message": "The file is not a CSV file." if self.status == "FAILED" else None,
        }

    def client(self) -> Client:
        """A client of this datastore."""
        return Client(URL, "eem_secret", transport=httpx.MockTransport(self))

    def content(self) -> bytes:
        """What has arrived."""
        return b"".join(self.arrived[number] for number in sorted(self.arrived))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of four parts, the last of which is short."""
    path = tmp_path / "bills.csv"
    path.write_bytes(b"trace_id,start,value\n" + bytes(index % 251 for index in range(3 * PART + 10)))
    return path


def test_a_large_file_is_sent_in_parts(file: Path, waits: list[float]) -> None:
    server, sent = Uploads(file.stat().st_size), list[int]()
    with server.client() as client:
        client.send_upload(server.document(), file, sent.append)
    assert server.content() == file.read_bytes()
    assert server.status == "PENDING"
    assert sorted(server.puts) == [1, 2, 3, 4]
    assert max(sent) == file.stat().st_size


def test_a_part_that_is_cut_off_is_sent_again(file: Path, waits: list[float]) -> None:
    server, sent = Uploads(file.stat().st_size, losing=[2, 4]), list[int]()
    with server.client() as client:
        client.send_upload(server.document(), file, sent.append)
    assert server.content() == file.read_bytes()
    assert sorted(server.puts) == [1, 2, 2, 3, 4, 4]
    assert sent[-1] == max(sent) == file.stat().st_size


def test_parts_that_have_arrived_are_not_sent_again(file: Path, waits: list[float]) -> None:
    server, sent = Uploads(file.stat().st_size), list[int]()
    server.arrived = {number: file.read_bytes()[(number - 1) * PART : number * PART] for number in (1, 3)}
    with server.client() as client:
        client.send_upload(server.document(), file, sent.append)
    assert server.content() == file.read_bytes()
    assert sorted(server.puts) == [2, 4]
    assert sent[0] == 2 * PART


def test_urls_that_have_expired_are_renewed(file: Path, waits: list[float]) -> None:
    server = Uploads(file.stat().st_size)
    upload, server.valid = server.document(), 2
    with server.client() as client:
        client.send_upload(upload, file)
    assert server.content() == file.read_bytes()


def test_urls_that_are_never_accepted_end_it(file: Path, waits: list[float]) -> None:
    server = Uploads(file.stat().st_size)
    server.valid = 100
    with server.client() as client, pytest.raises(DatastoreError, match=r"bills\.csv did not arrive.*expired"):
        client.send_upload(server.document(), file)


def test_a_small_file_is_sent_at_once_and_followed(file: Path, waits: list[float]) -> None:
    server = Uploads(file.stat().st_size, in_parts=False)
    with server.client() as client:
        upload = client.upload(file)
    assert server.content() == file.read_bytes()
    assert upload["status"] == "SUCCESS"


def test_an_empty_file_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with Uploads(0).client() as client, pytest.raises(DatastoreError, match=r"empty\.csv is empty"):
        client.upload(tmp_path / "empty.csv", kind="projects")


def test_a_file_that_cannot_be_imported_is_an_error(file: Path, waits: list[float]) -> None:
    server = Uploads(file.stat().st_size, in_parts=False)
    server.outcome = "FAILED"
    with server.client() as client, pytest.raises(Failed, match="The file is not a CSV file") as raised:
        client.upload(file)
    assert raised.value.resource["id"] == 7


def test_what_is_announced_is_what_the_file_is(file: Path) -> None:
    bodies = []

    def created(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.read()))
        return httpx.Response(201, json={})

    with Client(URL, "eem_secret", transport=httpx.MockTransport(created)) as client:
        client.create_upload(file, columns={"value": "value"}, options={"timezone": "America/Chicago"}, strict=True)
    assert bodies == [
        {
            "kind": "trace_records",
            "format": "csv",
            "name": "bills.csv",
            "size": file.stat().st_size,
            "columns": {"value": "value"},
            "options": {"timezone": "America/Chicago"},
            "strict": True,
        }
    ]


def test_a_refused_part_ends_it(file: Path, waits: list[float]) -> None:
    server = Uploads(file.stat().st_size)

    def refusing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text="EntityTooSmall") if request.method == "PUT" else server(request)

    with (
        Client(URL, "eem_secret", transport=httpx.MockTransport(refusing)) as client,
        pytest.raises(Problem, match="EntityTooSmall"),
    ):
        client.send_upload(server.document(), file)


def test_the_asynchronous_client_does_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(seconds: float) -> None:
        """No time passes."""

    for module in ("api", "uploads"):
        monkeypatch.setattr(f"datastore_client._async.{module}.pause_async", wait)
    server = Uploads(file.stat().st_size, losing=[2])

    async def handle(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return server(request)

    async def load() -> dict[str, Any]:
        async with AsyncClient(URL, "eem_secret", transport=httpx.MockTransport(handle)) as client:
            return await client.upload(file)

    assert asyncio.run(load())["status"] == "SUCCESS"
    assert server.content() == file.read_bytes()
