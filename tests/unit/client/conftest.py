"""A datastore that fails as often as a test wants, which no real one does."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from datastore_client import Client

URL = "https://datastore.test/live/api/v1/"
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Failing:
    """Answers each request with the next of `answers`, the last of which repeats."""

    answers: list[Answer]
    requests: list[httpx.Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return self.answers[min(len(self.requests), len(self.answers)) - 1](request)

    def client(self) -> Client:
        """A client of this datastore."""
        return Client(URL, "eem_secret", transport=httpx.MockTransport(self))


def answer(status: int, body: object = None, **headers: str) -> Answer:
    """An answer with a JSON body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, json=body, headers=named)


def problem(status: int, detail: str, type: str = "about:blank", **headers: str) -> Answer:
    """An answer that refuses a request."""
    return answer(status, {"type": type, "title": "Refused", "status": status, "detail": detail}, **headers)


def cut_off(request: httpx.Request) -> httpx.Response:
    """No answer: the connection ends."""
    raise httpx.ReadError("connection reset", request=request)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited."""
    waited: list[float] = []
    for module in ("api", "uploads", "runs", "exports"):
        monkeypatch.setattr(f"datastore_client._sync.{module}.pause", waited.append)
    return waited
