"""The Prefer header (RFC 7240)."""

import re
from collections.abc import Mapping

RESPOND_ASYNC = "respond-async"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def prefers_async(headers: Mapping[str, str]) -> bool:
    """Whether a request prefers an asynchronous response. Other preferences, and parameters, are ignored.

    >>> prefers_async({"prefer": 'wait=10, Respond-Async; foo="a, b"'})
    True
    >>> prefers_async({"prefer": 'foo="respond-async, a"'})
    False
    """
    given = _QUOTED.sub("", headers.get("prefer", "")).split(",")
    return any(re.split("[;=]", one)[0].strip().lower() == RESPOND_ASYNC for one in given)
