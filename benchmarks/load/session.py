"""A client's requests, of which each is timed and judged by what every response must satisfy."""

import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import requests

LIMITS = (429, 503)  # a client that gets one of these waits for Retry-After, and sends the request again
MAX_BYTES = 6_291_556  # of a response of a Lambda function
MAX_SECONDS = 29.0  # of a request to API Gateway
PATIENCE = 120.0  # seconds for which a client repeats a request
NO_RESPONSE = 0  # in place of a status


@dataclass(frozen=True)
class Call:
    """One request: its method and path template, the status and the seconds of the response."""

    route: str
    status: int
    seconds: float


@dataclass
class Session:
    """One client's connection. `calls` has all requests, `faults` a sentence for each broken promise."""

    url: str
    token: str
    calls: list[Call] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {self.token}"

    def call(
        self, method: str, path: str, *, accept: Collection[int] = (), if_repeated: Collection[int] = (), **given: Any
    ) -> requests.Response | None:
        """Send a request until it is not at a limit. Return the response; None if it is an error.

        accept: the error statuses that are right here, such as the 404 of a deleted item. if_repeated: those that are
        right if an earlier try may have had an effect, such as the 404 of a repeated DELETE.
        """
        deadline = time.monotonic() + PATIENCE
        repeated = False
        while True:
            response = self._once(method, path, **given)
            if response is None or response.status_code not in LIMITS or time.monotonic() > deadline:
                break
            repeated = True
            time.sleep(int(response.headers.get("Retry-After", 1)))
        if response is None or response.status_code in LIMITS:
            return None
        if response.ok or response.status_code in accept or (repeated and response.status_code in if_repeated):
            return response
        self.fault(f"{method} {path} returned {response.status_code}: {response.text[:500]}")
        return None

    def get(self, path: str, **query: Any) -> Any:
        """Return the body of a GET response; None if there is none."""
        response = self.call("GET", path, params=query)
        return None if response is None else response.json()

    def pages(self, path: str, most: int, **query: Any) -> list[Any]:
        """Return the items of a list, of at most so many pages."""
        found: list[Any] = []
        response = self.call("GET", path, params=query)
        for number in range(1, most + 1):
            if response is None:
                break
            found += response.json()
            if "next" not in response.links or number == most:
                break
            response = self.call("GET", response.links["next"]["url"].removeprefix(self.url))
        return found

    def fault(self, sentence: str) -> None:
        """Note a broken promise."""
        self.faults.append(sentence)

    def _once(self, method: str, path: str, **given: Any) -> requests.Response | None:
        began = time.perf_counter()
        try:
            response = self._session.request(method, self.url + path, timeout=2 * MAX_SECONDS, **given)
        except requests.RequestException as error:
            self.calls.append(Call(route(method, path), NO_RESPONSE, time.perf_counter() - began))
            self.fault(f"{method} {path} got no response: {error!r}")
            return None
        seconds = time.perf_counter() - began
        self.calls.append(Call(route(method, path), response.status_code, seconds))
        self.faults += faults(f"{method} {path}", response, seconds)
        return response


def route(method: str, path: str) -> str:
    """The method and path template of a request.

    >>> route("GET", "traces/17/?limit=5")
    'GET traces/{id}/'
    """
    return f"{method} " + re.sub(r"/\d+/", "/{id}/", path.partition("?")[0])


def faults(request: str, response: requests.Response, seconds: float) -> list[str]:
    """What is wrong with a response to a request, whatever was asked."""
    found, status = [], response.status_code
    if status in LIMITS and not response.headers.get("Retry-After", "").isdigit():
        found.append(f"{request} returned {status} without a Retry-After in seconds")
    if status >= 500 and status not in LIMITS:
        found.append(f"{request} returned {status} after {seconds:.1f} s: {response.text[:500]}")
    if (size := len(json.dumps(response.text, ensure_ascii=False).encode())) > MAX_BYTES:
        found.append(f"{request} returned {size:,} bytes, more than a Lambda function can")
    if seconds > MAX_SECONDS:
        found.append(f"{request} took {seconds:.1f} s, longer than API Gateway waits")
    return found
