"""When to repeat a request, and when to ask again for what has not ended."""

import random
from collections.abc import Iterator

import httpx

ATTEMPTS = 7
FIRST_DELAY, MAX_DELAY = 0.5, 30.0  # seconds
MAX_RETRY_AFTER = 300.0  # seconds: a longer wait is left to the caller
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
IN_PROGRESS = "urn:eemeter-datastore:problem:idempotency-key-in-progress"
FIRST_POLL, MAX_POLL, POLL_FACTOR = 0.5, 5.0, 1.3  # seconds, and the growth from poll to poll


def is_retried(response: httpx.Response) -> bool:
    """Return whether the same request may succeed later. Its body must have been read."""
    if response.status_code == 409:
        return IN_PROGRESS.encode() in response.content
    return response.status_code in RETRIED_STATUSES


def delay(attempt: int, retry_after: str | None = None, jitter: float | None = None) -> float:
    """Return the seconds to wait after a failed attempt (the first is 1): exponential, with jitter.

    retry_after: the header; it is the least wait. jitter: between 0 and 1, by default random.

    >>> delay(1, jitter=1), delay(3, jitter=1), delay(3, jitter=0)
    (0.5, 2.0, 1.0)
    >>> delay(1, "7", jitter=0)
    7.25
    """
    longest = min(MAX_DELAY, FIRST_DELAY * 2.0 ** (attempt - 1))
    own = longest * (1 + (random.random() if jitter is None else jitter)) / 2
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
    return min(seconds, MAX_RETRY_AFTER) + own if seconds else own


def polls(poll: float | None = None) -> Iterator[float]:
    """Yield the seconds to wait after each poll: `poll`, or short ones first, for what takes a second."""
    seconds = poll or FIRST_POLL
    while True:
        yield seconds
        seconds = poll or min(seconds * POLL_FACTOR, MAX_POLL)
