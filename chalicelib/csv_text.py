"""CSV text (RFC 4180) that spreadsheet programs open without taking any of it for a formula."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # OWASP, CSV injection


def guarded(text: str) -> str:
    """The text, with a leading apostrophe if a spreadsheet program would take it for a formula.

    >>> guarded("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Lines of CSV that end with CR LF. Numbers are not guarded: -5 stays -5.

    None is an empty cell; a list of texts or numbers is joined by semicolons, and any other list or object is JSON.
    """
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return file.getvalue()


def cell(value: Any) -> str | float | None:
    """A value as csv.writer writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, list) and not any(isinstance(part, list | dict) for part in value):
        value = ";".join("" if part is None else str(part) for part in value)
    return guarded(value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False))
