"""Requests are repeated where that may help, take effect once, and send the token only to the datastore."""

import asyncio
import itertools
from pathlib import Path

import httpx
import pytest

from datastore_client import AsyncClient, NotAuthorized, Problem, Unreachable
from datastore_client.retries import ATTEMPTS, IN_PROGRESS, delay, polls
from tests.unit.client.conftest import URL, Answer, Failing, answer, cut_off, problem


@pytest.mark.parametrize(
    "failure",
    [
        cut_off,
        problem(429, "slow down"),
        problem(500, "a bug"),
        answer(502, {"message": "Bad Gateway"}),
        problem(503, "busy"),
        problem(504, "slow"),
        problem(409, "still running", IN_PROGRESS),
    ],
)
def test_a_request_is_repeated_until_it_succeeds(failure: Answer, waits: list[float]) -> None:
    server = Failing([failure, failure, answer(201, {"id": 1})])
    with server.client() as client:
        assert client.post("trace_groups/", {"name": "all"}) == {"id": 1}
    assert len(waits) == 2
    assert waits[0] < waits[1]
    keys = {request.headers["Idempotency-Key"] for request in server.requests}
    assert len(keys) == 1
    assert len({request.content for request in server.requests}) == 1


def test_each_request_has_its_own_idempotency_key() -> None:
    server = Failing([answer(201, {})])
    with server.client() as client:
        client.post("projects/", {})
        client.post("projects/", {})
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 2


def test_it_waits_at_least_as_long_as_the_datastore_asks(waits: list[float]) -> None:
    server = Failing([problem(503, "busy", Retry_After="7"), answer(200, [])])
    with server.client() as client:
        client.get("projects/")
    assert 7 < waits[0] < 8


def test_it_gives_up_with_the_last_problem(waits: list[float]) -> None:
    server = Failing([problem(503, "busy")])
    with server.client() as client, pytest.raises(Problem, match="busy") as raised:
        client.get("projects/")
    assert raised.value.status == 503
    assert len(server.requests) == ATTEMPTS


def test_it_gives_up_if_nothing_responds(waits: list[float]) -> None:
    server = Failing([cut_off])
    with server.client() as client, pytest.raises(Unreachable, match="projects/ does not respond"):
        client.get("projects/")
    assert len(server.requests) == ATTEMPTS


@pytest.mark.parametrize("status", [400, 404, 409, 413])
def test_a_refusal_is_final(status: int) -> None:
    server = Failing([problem(status, "no")])
    with server.client() as client, pytest.raises(Problem, match=f"GET .*projects/: {status} Refused: no"):
        client.get("projects/")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token_has_its_own_error(status: int) -> None:
    with Failing([problem(status, "no")]).client() as client, pytest.raises(NotAuthorized):
        client.get("projects/")


def test_a_response_without_a_problem_document_is_shown() -> None:
    server = Failing([lambda request: httpx.Response(418, text="<html>teapot</html>")])
    with server.client() as client, pytest.raises(Problem, match="teapot"):
        client.get("projects/")


def test_what_an_attempt_without_a_response_has_deleted_is_deleted(waits: list[float]) -> None:
    with Failing([cut_off, problem(404, "gone")]).client() as client:
        client.delete("traces/1/")
    with Failing([problem(404, "gone")]).client() as client, pytest.raises(Problem, match="gone"):
        client.delete("traces/1/")


def test_all_pages_are_followed_but_only_at_the_datastore() -> None:
    server = Failing(
        [
            answer(200, [{"id": 1}], Link='<https://elsewhere.test/projects/?after=1&limit=1000>; rel="next"'),
            answer(200, [{"id": 2}]),
        ]
    )
    with server.client() as client:
        assert client.projects(zipcode="62707") == [{"id": 1}, {"id": 2}]
    assert [str(request.url) for request in server.requests] == [
        f"{URL}projects/?limit=1000&zipcode=62707",
        f"{URL}projects/?after=1&limit=1000",
    ]


def test_the_token_is_not_sent_to_presigned_urls(tmp_path: Path) -> None:
    server = Failing([lambda request: httpx.Response(200, text="text")] * 3 + [answer(200, [])])
    with server.client() as client:
        client.put_file("https://bucket.test/key?signature=1", lambda: iter([b"text"]), 4)
        assert client.get_text("https://bucket.test/key?signature=1") == "text"
        client.download("https://bucket.test/key?signature=1", tmp_path / "file")
        client.get("projects/")
    sent = [request.headers.get("Authorization") for request in server.requests]
    assert sent == [None, None, None, "Bearer eem_secret"]
    assert server.requests[0].headers["Content-Length"] == "4"
    assert "Transfer-Encoding" not in server.requests[0].headers


def test_a_download_that_is_cut_off_starts_again(tmp_path: Path, waits: list[float]) -> None:
    class CutOff(httpx.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield b"te"
            raise httpx.ReadError("connection reset")

    received: list[int] = []
    server = Failing([lambda _: httpx.Response(200, stream=CutOff()), lambda _: httpx.Response(200, text="text")])
    with server.client() as client:
        client.download("https://bucket.test/key", tmp_path / "file", received.append)
    assert (tmp_path / "file").read_text() == "text"
    assert received == [2, 4]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_refused_download_leaves_no_file(tmp_path: Path) -> None:
    server = Failing([lambda request: httpx.Response(403, text="expired")])
    with server.client() as client, pytest.raises(Problem, match="expired"):
        client.download("https://bucket.test/key", tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_waits_grow_and_are_spread() -> None:
    longest = [delay(attempt, jitter=1) for attempt in range(1, 9)]
    assert longest == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert len({delay(3) for _ in range(10)}) > 1
    assert list(itertools.islice(polls(), 20))[-1] == 5


def test_the_asynchronous_client_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(seconds: float) -> None:
        """No time passes."""

    monkeypatch.setattr("datastore_client._async.api.pause_async", wait)
    server = Failing([cut_off, problem(503, "busy"), answer(200, [{"id": 1}])])

    async def projects() -> object:
        async with AsyncClient(URL, "eem_secret", transport=httpx.MockTransport(server)) as client:
            return await client.projects()

    assert asyncio.run(projects()) == [{"id": 1}]
    assert len(server.requests) == 3
