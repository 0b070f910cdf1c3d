"""Records whose dates leave gaps, overlap or repeat: the results, and the findings."""

import itertools
import re
from collections.abc import Callable

import pandas as pd
import pytest

from chalicelib.metering import check_meter, run_meter
from infra.local import portfolio
from tests.unit.metering.real_meters.samples import BILLS, GAS, Document, Records, changed, details, failure_of, saved

pytestmark = pytest.mark.slow


class TestLongBills:
    def test_a_missing_bill_is_reported_by_the_one_before_it(self) -> None:
        def drop(records: Records, document: Document) -> None:
            del records[4]

        assert "2016-02-23 to 2016-04-21" in details(run_meter(changed(BILLS, drop)))["long_bills"]

    def test_estimates_without_a_timely_actual_read_are_reported(self) -> None:
        def estimate(records: Records, document: Document) -> None:
            for record in records[5:7]:
                record["estimated"] = True

        assert "2016-04-21 to 2016-07-22 (92 days), no actual read within 70 days to replace its estimates" in str(
            failure_of(changed(BILLS, estimate))
        )


def with_ends(records: Records, document: Document) -> None:
    """Add an end to each record."""
    for record, following in itertools.pairwise(records):
        record["end"] = following["start"]
    records.pop()
    document["trace"]["type"] = "ARBITRARY"


class TestStartsAndEnds:
    def test_a_reading_of_several_days_counts_as_missing(self, unchanged: Callable[[str], Document]) -> None:
        def week(records: Records, document: Document) -> None:
            with_ends(records, document)
            records[100:107] = [
                {**records[100], "end": records[106]["end"], "value": sum(one["value"] for one in records[100:107])}
            ]

        output = run_meter(changed(GAS, week))
        assert output["models"]["baseline"]["n"] == 358
        assert saved(output) == pytest.approx(saved(unchanged(GAS)), abs=0.5)
        assert "2016-03-01 to 2016-03-07" in details(output)["missing_readings"]
        assert "2016-03-0" in details(output)["long_readings"]

    def test_bills_that_end_a_day_early_are_reported(self) -> None:
        def inclusive(records: Records, document: Document) -> None:
            with_ends(records, document)
            for record in records:
                record["end"] = (pd.Timestamp(record["end"]) - pd.Timedelta(days=1)).isoformat()

        assert "11 of 12 bills end a day before" in details(run_meter(changed(BILLS, inclusive)))["inclusive_ends"]

    def test_bills_may_overlap_by_hours_but_not_by_a_day(self, unchanged: Callable[[str], Document]) -> None:
        def overlap(hours: int) -> Document:
            document = changed(BILLS, with_ends)
            for record in document["trace"]["records"]:
                record["end"] = (pd.Timestamp(record["end"]) + pd.Timedelta(hours=hours)).isoformat()
            return document

        assert saved(run_meter(overlap(2))) == saved(unchanged(BILLS))
        assert re.search("from 2015-11-22.* to 2015-12-22.* overlaps the next", str(failure_of(overlap(24))))


class TestPeriodsWithoutReadings:
    def test_a_window_of_dates_without_readings_fails(self) -> None:
        window = {"start": "2020-01-01", "end": "2020-12-31"}
        failure = failure_of(portfolio.meter_input(BILLS) | {"reporting_window": window})
        assert "the reporting window from 2020-01-01 to 2020-12-31; its readings with a value are from" in str(failure)
        assert check_meter(portfolio.meter_input(BILLS) | {"reporting_window": window})["failure"]["reason"] == "data"

    def test_a_trace_that_ends_before_the_measure_has_no_reporting_model(self) -> None:
        document = changed(BILLS, lambda records, document: records.__delitem__(slice(14, None)))
        found = check_meter(document)
        assert found["failure"] is None
        assert [one["name"] for one in found["disqualification"]] == ["datastore.no_data"]
        assert run_meter(document)["models"]["reporting"]["status"] == "DISQUALIFIED"

    def test_estimates_without_any_actual_read_are_reported(self) -> None:
        def estimate(records: Records, document: Document) -> None:
            for record in records:
                record["estimated"] = True

        assert "26 of its 26 bills are estimated" in str(failure_of(changed(BILLS, estimate)))


class TestDuplicates:
    def test_the_last_value_is_used_and_duplicates_are_reported(self) -> None:
        def repeat(records: Records, document: Document) -> None:
            records.append(dict(records[100]))
            records.append(dict(records[101], value=records[101]["value"] + 1))

        output = run_meter(changed(GAS, repeat))
        start = portfolio.meter_input(GAS)["trace"]["records"][101]["start"][:10]
        assert f"duplicates): 1, {start}" in details(output)["duplicate_readings"]
        assert output["models"]["baseline"]["data_quality"]["duplicate"] == 1

    def test_duplicates_marked_by_the_store_are_reported(self) -> None:
        def mark(records: Records, document: Document) -> None:
            records[101]["duplicate"] = True

        assert "duplicate_readings" in details(run_meter(changed(GAS, mark)))


class TestDates:
    def test_a_bare_date_is_midnight_in_the_time_zone_of_the_project(
        self, unchanged: Callable[[str], Document]
    ) -> None:
        def bare(records: Records, document: Document) -> None:
            for record in records:
                at = pd.Timestamp(record["start"]).tz_convert("America/Chicago")
                record["start"] = f"{at + pd.Timedelta(hours=12):%Y-%m-%d}"
            group = document["project"]["modeling_period_group"]
            for period, edge in (("baseline_period", "end"), ("reporting_period", "start")):
                group[period][edge] = group[period][edge][:10]

        output, expected = run_meter(changed(BILLS, bare)), unchanged(BILLS)
        assert saved(output) == saved(expected)
        assert output["models"]["baseline"]["start"] == expected["models"]["baseline"]["start"]

    @pytest.mark.parametrize("text", ["2016-13-01", "2016-1-1", "2016-02-30"])
    def test_an_invalid_date_is_rejected(self, text: str) -> None:
        def break_it(records: Records, document: Document) -> None:
            records[3]["start"] = text

        assert repr(text) in str(failure_of(changed(BILLS, break_it)))
