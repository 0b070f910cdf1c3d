from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.jobs.meter_input import EPOCH, MICROSECOND, _iso, _span
from chalicelib.metering import MeterFailure

instants = st.integers(0, 4 * 10**15)


@given(instants)
def test_an_instant_is_written_to_the_microsecond(instant: int) -> None:
    assert (datetime.fromisoformat(_iso(instant)) - EPOCH) // MICROSECOND == instant


@given(st.lists(instants, min_size=1))
def test_span_takes_starts_and_ends_in_any_order(found: list[int]) -> None:
    records = [{"start" if instant % 2 else "end": _iso(instant), "value": 1.0} for instant in found]
    assert _span(records) == (min(found), max(found))


def test_span_minds_offsets() -> None:
    noon = datetime(2020, 1, 1, 12, tzinfo=UTC)
    assert _span([{"start": "2020-01-01T06:00:00-06:00"}]) == ((noon - EPOCH) // MICROSECOND,) * 2


def test_no_records_have_no_span() -> None:
    with pytest.raises(MeterFailure, match="trace_records/"):
        _span([])
