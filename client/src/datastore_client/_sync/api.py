"""Requests to the API, which are repeated if that may help."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from datastore_client.concurrency import pause
from datastore_client.errors import Problem, Unreachable, problem_of
from datastore_client.queries import Query, encoded
from datastore_client.retries import ATTEMPTS, delay, is_retried

TIMEOUT = 60.0  # seconds without a byte; API Gateway responds after 29 at the latest
PAGE = 1_000  # items, the most that a page has
ITEMS_PER_POST = 10_000  # the most that a list in a request has

OnRetry = Callable[[str, float], None]
Content = Callable[[], Iterator[bytes]]


class Api:
    """Requests with one token. Use it as a context manager, or close it.

    url: the address of the API, such as https://example.com/live/api/v1/. token: sent only to this address, never to
    the presigned URLs that it returns. on_retry: called with the reason and the seconds before a request is repeated.
    transport: httpx's, for tests.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        on_retry: OnRetry = lambda reason, seconds: None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/") + "/"
        self._authorization = {"Authorization": f"Bearer {token}"}
        self._on_retry = on_retry
        self._http = httpx.Client(timeout=TIMEOUT, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: Query) -> Any:
        """Return the JSON body of a GET response. Queries that are None are left out, and lists joined by commas."""
        return (self.request("GET", path, query=query)).json()

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """POST a body as JSON, and return that of the response.

        It has an Idempotency-Key, so that it takes effect once however often it is repeated.
        """
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return (self.request("POST", path, body=body, headers={**key, **(headers or {})})).json()

    def patch(self, path: str, body: Any) -> Any:
        """PATCH a resource, and return it."""
        return (self.request("PATCH", path, body=body)).json()

    def delete(self, path: str) -> None:
        """DELETE a resource."""
        self.request("DELETE", path)

    def pages(self, path: str, **query: Query) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a list, following the Link headers."""
        query = {"limit": PAGE, **query}
        while True:
            response = self.request("GET", path, query=query)
            yield response.json()
            following = response.links.get("next")
            if following is None:
                return
            # only its query: the token is not sent to any other address
            query = dict(httpx.URL(following["url"]).params)

    def get_all(self, path: str, **query: Query) -> list[dict[str, Any]]:
        """Return all items of a list, from all its pages."""
        found: list[dict[str, Any]] = []
        for page in self.pages(path, **query):
            found += page
        return found

    def post_all(self, path: str, items: list[dict[str, Any]]) -> list[Any]:
        """POST a list of any length, in several requests if needed. Return the bodies of the responses."""
        parts = range(0, len(items), ITEMS_PER_POST)
        return [self.post(path, items[first : first + ITEMS_PER_POST]) for first in parts]

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Query] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request to the API and return the response. Raises Problem or Unreachable."""
        request = self._http.build_request(
            method,
            self.url + path.removeprefix("/"),
            params=encoded(query or {}),
            json=body,
            headers={**self._authorization, **(headers or {})},
        )
        return self._send(lambda: request, may_be_gone=method == "DELETE")

    def put_file(self, url: str, content: Content, size: int) -> httpx.Response:
        """PUT bytes to a presigned URL, without the token. `content` makes them anew for each attempt."""

        def request() -> httpx.Request:
            return self._http.build_request("PUT", url, content=content(), headers={"Content-Length": str(size)})

        return self._send(request)

    def get_text(self, url: str) -> str:
        """Return the text at a presigned URL, which is fetched without the token."""
        return (self._send(lambda: self._http.build_request("GET", url))).text

    def download(self, url: str, path: Path, on_received: Callable[[int], None] = lambda count: None) -> None:
        """Save what is at a presigned URL as a file, which appears only once it is complete.

        on_received: called with the number of bytes that have arrived so far.
        """
        part = path.with_name(path.name + ".part")
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._save(url, part, on_received)
                    break
                except httpx.TransportError as error:
                    self._wait_or_give_up(attempt, f"{url.partition('?')[0]}: {error}", None)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _save(self, url: str, path: Path, on_received: Callable[[int], None]) -> None:
        received = 0
        with self._http.stream("GET", url) as response:
            if response.is_error:
                response.read()
                raise problem_of(response)
            with path.open("wb") as file:
                for chunk in response.iter_bytes():
                    received += file.write(chunk)
                    on_received(received)

    def _send(self, request: Callable[[], httpx.Request], may_be_gone: bool = False) -> httpx.Response:
        attempt = 0
        while True:
            attempt += 1
            sent = request()
            try:
                response = self._http.send(sent)
            except httpx.TransportError as error:
                reason = f"{sent.url.copy_with(query=None)} does not respond ({error or type(error).__name__})"
                self._wait_or_give_up(attempt, reason, None)
                continue
            if may_be_gone and response.status_code == 404 and attempt > 1:
                return response  # an attempt without a response deleted it
            if not response.is_error:
                return response
            problem = problem_of(response)
            if not is_retried(response):
                raise problem
            self._wait_or_give_up(attempt, str(problem), response.headers.get("Retry-After"), problem)

    def _wait_or_give_up(
        self, attempt: int, reason: str, retry_after: str | None, problem: Problem | None = None
    ) -> None:
        if attempt >= ATTEMPTS:
            raise problem or Unreachable(f"{reason}, after {attempt} attempts.")
        seconds = delay(attempt, retry_after)
        self._on_retry(reason, seconds)
        pause(seconds)
