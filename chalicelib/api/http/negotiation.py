"""The Accept header (RFC 9110, section 12.5.1) of lists, which are JSON or CSV."""

import re
from collections.abc import Mapping

from chalicelib.api.http.endpoints import CSV, JSON
from chalicelib.api.http.problems import NOT_ACCEPTABLE, Problem
from chalicelib.api.http.quoting import quoted

_QUALITY = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)", re.ASCII)


def prefers_csv(headers: Mapping[str, str]) -> bool:
    """Whether a request prefers CSV to JSON; if it accepts both equally, it gets JSON.

    >>> prefers_csv({"accept": "text/csv"})
    True
    >>> prefers_csv({"accept": "text/html, */*;q=0.8"})
    False

    Raises the 406 Problem if it accepts neither.
    """
    given = headers.get("accept", "").strip()
    if not given:
        return False
    qualities = dict(map(_range, given.split(",")))
    csv, json = (_quality(qualities, content_type) for content_type in (CSV, JSON))
    if not csv and not json:
        raise Problem(
            NOT_ACCEPTABLE, f"The Accept header is {quoted(given)}, and a list is {JSON} or {CSV}. Accept one of them."
        )
    return csv > json


def _range(text: str) -> tuple[str, float]:
    """A media range and its quality, which is 1 unless a valid one is given."""
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    given = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "")
    return media, float(given) if _QUALITY.fullmatch(given) else 1.0


def _quality(qualities: Mapping[str, float], content_type: str) -> float:
    """The quality of a content type: that of the most specific range that includes it."""
    kind = content_type.partition("/")[0]
    return next((qualities[media] for media in (content_type, f"{kind}/*", "*/*") if media in qualities), 0.0)
