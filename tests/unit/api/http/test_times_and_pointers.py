"""Property tests of timestamps and JSON pointers."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chalicelib.api.http import problems
from chalicelib.api.http.fields import Instant
from chalicelib.api.http.times import EARLIEST, LATEST, timestamp
from chalicelib.instants import microseconds, moment

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1), timezones=OFFSETS)
KEYS = st.lists(st.one_of(st.text(), st.integers(0, 9)), max_size=4)


@given(MOMENTS)
def test_a_timestamp_is_utc_with_microseconds_and_z(given: datetime) -> None:
    written = timestamp(given)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", written)
    assert TypeAdapter(Instant).validate_json(f'"{written}"', strict=True) == given


@given(MOMENTS)
def test_microseconds_are_exact(given: datetime) -> None:
    assert moment(microseconds(given)) == given
    assert microseconds(given) == (given - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@given(MOMENTS)
def test_an_offset_is_parsed(given: datetime) -> None:
    assert EARLIEST < TypeAdapter(Instant).validate_json(f'"{given.isoformat()}"', strict=True) == given < LATEST


def resolve(document: Any, pointer: str) -> Any:
    """Resolve a pointer as RFC 6901 defines."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


@given(KEYS)
def test_a_pointer_resolves_to_its_location(path: list[str | int]) -> None:
    document: Any = "here"
    for part in reversed(path):
        document = {part: document} if isinstance(part, str) else [None] * part + [document]
    assert resolve(document, problems.pointer(*path)) == "here"


def test_a_problem_lists_at_most_100_errors() -> None:
    many = problems.invalid(*(problems.error("wrong", n) for n in range(1000)))
    assert len(many.document()["errors"]) == 100
    assert "at least 100 errors" in many.document()["detail"]
