"""Cross-origin requests: the web pages of other sites that may call the API (the CORS protocol of the Fetch standard).

No header ever allows credentials: a page has to know a token, and sends it itself.
"""

from collections.abc import Collection, Sequence

ANY = "*"
REQUEST_HEADERS = "Accept, Authorization, Content-Type, Idempotency-Key, Prefer, X-Request-Id"
RESPONSE_HEADERS = "Allow, Link, Location, Preference-Applied, Retry-After, X-Request-Id"
MAX_AGE = 7200  # seconds; Chromium caches a preflight response for at most this long


def vary(origins: Collection[str]) -> list[str]:
    """The request headers that responses depend on."""
    return ["Origin"] if origins and ANY not in origins else []


def headers(origins: Collection[str], origin: str | None) -> dict[str, str]:
    """The headers that let a page of this origin read a response; none if its origin is not allowed.

    >>> headers([], "https://a.example"), headers(["https://b.example"], "https://a.example")
    ({}, {})
    >>> headers(["https://a.example"], "https://a.example")["Access-Control-Allow-Origin"]
    'https://a.example'
    """
    allowed = ANY if ANY in origins else origin
    if allowed is None or allowed not in origins:
        return {}
    return {"Access-Control-Allow-Origin": allowed, "Access-Control-Expose-Headers": RESPONSE_HEADERS}


def preflight(origins: Collection[str], origin: str | None, methods: Sequence[str]) -> dict[str, str]:
    """The additional headers of a preflight response, which let a page of this origin send its request."""
    if not headers(origins, origin):
        return {}
    return {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": str(MAX_AGE),
    }
