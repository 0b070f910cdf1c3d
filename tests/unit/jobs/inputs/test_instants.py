from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.instants import microseconds
from chalicelib.jobs.inputs.instants import instant, iso


@given(st.integers(0, 4 * 10**15))
def test_an_instant_survives_a_round_trip_to_the_microsecond(given: int) -> None:
    assert microseconds(datetime.fromisoformat(iso(given))) == given
    assert instant(iso(given)) == given


def test_offsets_are_applied() -> None:
    noon = datetime(2020, 1, 1, 12, tzinfo=UTC)
    assert instant("2020-01-01T06:00:00-06:00") == microseconds(noon)


def test_a_date_is_the_first_instant_of_its_day() -> None:
    assert iso(instant("2016-01-01")) == "2016-01-01T00:00:00+00:00"
    assert iso(instant("2016-01-01", "America/Chicago")) == "2016-01-01T06:00:00+00:00"
    assert iso(instant("2016-10-16", "America/Sao_Paulo")) == "2016-10-16T03:00:00+00:00"  # the day starts at 1:00
