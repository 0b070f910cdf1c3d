"""The hours needed for the modeling periods and the reporting window."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.jobs.inputs.instants import HOUR, instant, iso
from chalicelib.jobs.inputs.needed_hours import needed_hours
from chalicelib.metering import MeterFailure
from tests.unit.jobs.inputs.store import YEAR, meter_input


def monthly(start: str, months: int) -> list[dict[str, Any]]:
    first = datetime.fromisoformat(start)
    return [{"start": (first + timedelta(days=30 * n)).isoformat(), "value": 1.0} for n in range(months + 1)]


class TestNeededHours:
    def test_are_those_of_the_readings_next_to_the_installation(self) -> None:
        document = meter_input()
        document["trace"]["records"] = monthly("2010-01-01T00:00:00+00:00", 60)
        group = document["project"]["modeling_period_group"]
        group["baseline_period"]["end"] = "2013-01-10T00:00:00+00:00"
        group["reporting_period"]["start"] = "2013-03-01T00:00:00+00:00"
        before, after = needed_hours(document)
        assert (len(before), len(after)) == (8760, 8760)
        assert (
            iso(before[-1] * HOUR + HOUR) == "2012-12-16T00:00:00+00:00"
        )  # the end of the last bill in the baseline period
        assert iso(after[0] * HOUR) == "2013-03-16T00:00:00+00:00"

    def test_end_with_the_period_or_the_readings(self) -> None:
        document = meter_input()
        group = document["project"]["modeling_period_group"]
        group["baseline_period"]["start"] = "2007-06-01T00:00:00+00:00"
        document["trace"]["records"] = monthly("2007-01-01T00:00:00+00:00", 14)
        before, after = needed_hours(document)
        assert len(before) == 6 * 30 * 24
        assert len(after) == 30 * 24

    @pytest.mark.parametrize(
        ("window", "first", "last"),
        [
            ("first_year", "2013-03-16", "2014-03-16"),
            ("latest_year", "2013-11-06", "2014-11-06"),  # later readings have no value
            ({"start": "2013-06-01", "end": "2014-06-01"}, "2013-06-14", "2014-05-10"),
            ({"start": "2013-06-14T00:00:00-06:00", "end": "2014-06-09T00:00:00Z"}, "2013-07-14", "2014-06-09"),
        ],
    )
    @pytest.mark.parametrize("form", ["start", "end", "both"])
    def test_are_those_of_the_reporting_window(self, window: Any, first: str, last: str, form: str) -> None:
        starts = [record["start"] for record in monthly("2010-01-01T00:00:00+00:00", 70)]
        edges = {"start": starts[:-1], "end": starts[1:]}
        given = edges if form == "both" else {form: edges[form]}
        known = instant("2014-11-06T00:00:00+00:00")  # the end of the last reading with a value
        document = meter_input(reporting_window=window)
        document["trace"]["records"] = [
            {**{name: given[name][at] for name in given}, "value": 1.0 if instant(starts[at + 1]) <= known else None}
            for at in range(70)
        ]
        group = document["project"]["modeling_period_group"]
        group["baseline_period"]["end"] = None
        group["reporting_period"]["start"] = "2013-03-01T00:00:00+00:00"
        (hours,) = needed_hours(document)
        assert [iso(hour * HOUR)[:10] for hour in (hours.start, hours.stop)] == [first, last]

    def test_are_none_for_a_window_without_readings(self) -> None:
        document = meter_input(reporting_window={"start": "2030-01-01", "end": "2031-01-01"})
        assert len(needed_hours(document)) == 1  # only the baseline's

    def test_are_none_without_readings_in_the_period(self) -> None:
        document = meter_input()
        document["trace"]["records"] = [{"end": YEAR[0]}]
        document["project"]["modeling_period_group"]["baseline_period"]["end"] = None
        assert needed_hours(document) == []

    def test_are_a_failure_for_a_trace_without_records(self) -> None:
        document = meter_input()
        document["trace"]["records"] = []
        with pytest.raises(MeterFailure, match="trace_records/"):
            needed_hours(document)
