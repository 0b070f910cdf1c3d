"""Meters with the data problems that users report: the results, and the findings."""

import copy
import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chalicelib.metering import MeterFailure, check_meter, run_meter
from infra.local import portfolio

pytestmark = pytest.mark.slow

Document = dict[str, Any]
Records = list[dict[str, Any]]
ELECTRICITY, GAS = "il-electricity-cdd-hdd-daily", "il-gas-hdd-only-daily"
BILLS = "il-electricity-cdd-hdd-billing_monthly"


def changed(sample: str, change: Callable[[Records, Document], None]) -> Document:
    document = copy.deepcopy(portfolio.meter_input(sample))
    change(document["trace"]["records"], document)
    return document


@pytest.fixture(scope="module")
def unchanged() -> Callable[[str], Document]:
    outputs: dict[str, Document] = {}

    def output(sample: str) -> Document:
        if sample not in outputs:
            outputs[sample] = run_meter(portfolio.meter_input(sample))
        return outputs[sample]

    return output


def saved(output: Document, interpretation: str = "annualized_weather_normal") -> float:
    (percent,) = (one["percent"] for one in output["savings"] if one["interpretation"] == interpretation)
    return float(percent)


def details(output: Document, period: str = "baseline") -> dict[str, str]:
    """Return the warnings of our own checks by name."""
    warned = output["models"][period]["warnings"]
    return {one["name"].rpartition(".")[2]: one["detail"] for one in warned if "data_quality" in one["name"]}


def failure_of(document: Document) -> MeterFailure:
    with pytest.raises(MeterFailure) as failure:
        run_meter(document)
    return failure.value


def without(share: float, seed: int = 7) -> Callable[[Records, Document], None]:
    def drop(records: Records, document: Document) -> None:
        hours = document["weather"]["records"]
        kept = np.random.default_rng(seed).random(len(hours)) > share
        document["weather"]["records"] = [hour for hour, keep in zip(hours, kept, strict=True) if keep]

    return drop


class TestWeatherWithGaps:
    @pytest.mark.parametrize("share", [0.05, 1 / 3])
    @pytest.mark.parametrize("sample", [name for name in portfolio.names() if "gas" in name and "hourly" not in name])
    def test_gas_savings_do_not_change(self, sample: str, share: float, unchanged: Callable[[str], Document]) -> None:
        output = run_meter(changed(sample, without(share)))
        for interpretation in ("annualized_weather_normal", "gross_predicted", "gross_observed"):
            assert saved(output, interpretation) == pytest.approx(saved(unchanged(sample), interpretation), abs=0.5)

    @pytest.mark.parametrize("sample", [name for name in portfolio.names() if "electricity" in name and "bill" in name])
    def test_electricity_savings_do_not_change(self, sample: str, unchanged: Callable[[str], Document]) -> None:
        output = run_meter(changed(sample, without(1 / 3)))
        for interpretation in ("gross_predicted", "gross_observed"):
            assert saved(output, interpretation) == pytest.approx(saved(unchanged(sample), interpretation), abs=0.5)

    @pytest.mark.parametrize("model_class", ["DailyModel", "HourlyModel", "HourlyCaltrackModel", "BillingModel"])
    def test_every_model_runs(self, model_class: str) -> None:
        sample = BILLS if model_class == "BillingModel" else "il-gas-hdd-only-hourly"
        output = run_meter(changed(sample, without(1 / 3)) | {"model_class": model_class})
        assert output["models"]["reporting"]["status"] == "SUCCESS"

    def test_the_report_counts_missing_temperatures(self) -> None:
        output = run_meter(changed(GAS, without(1 / 3)))
        quality = output["models"]["baseline"]["data_quality"]
        assert quality["temperature_hours"] == 8760
        assert quality["temperatures_missing"] == quality["temperatures_filled"]
        assert quality["temperatures_missing"] == pytest.approx(8760 / 3, rel=0.05)
        assert (
            f"{quality['temperatures_missing']} of 8760 hours had no temperature"
            in (details(output)["temperatures_missing"])
        )

    def test_a_gap_of_20_days_loses_those_days(self, unchanged: Callable[[str], Document]) -> None:
        def drop(records: Records, document: Document) -> None:
            hours = document["weather"]["records"]
            document["weather"]["records"] = [hour for hour in hours if not "2016-02-03" <= hour[0] < "2016-02-23"]

        output = run_meter(changed(GAS, drop))
        assert output["models"]["baseline"]["n"] == pytest.approx(365 - 20, abs=1)
        assert saved(output) == pytest.approx(saved(unchanged(GAS)), abs=0.5)
        assert "2016-02-03 to 2016-02-22" in details(output)["days_without_temperature"]
        months = [one["detail"] for one in output["models"]["baseline"]["warnings"] if "monthly" in one["name"]]
        assert months[0].startswith("months with less than 90 % of their temperatures: 2016-02 (9 of 29 days)")

    def test_a_gap_that_is_too_long_is_reported(self) -> None:
        def drop(records: Records, document: Document) -> None:
            hours = document["weather"]["records"]
            document["weather"]["records"] = [hour for hour in hours if not "2016-02-03" <= hour[0] < "2016-03-23"]

        message = str(failure_of(changed(GAS, drop)))
        assert "49 days have temperatures for less than half of their hours (2016-02-03 to 2016-03-22)" in message


def counted(records: Records) -> None:
    """Convert consumption to register reads at the start of each interval."""
    total = 41_000.0
    for record in records:
        if record["value"] is not None:
            record["value"], total = total, total + record["value"]


class TestRegisterReads:
    @pytest.mark.parametrize("sample", [ELECTRICITY, GAS, BILLS, "il-gas-hdd-only-billing_bimonthly"])
    def test_register_reads_posted_as_consumption_fail(self, sample: str) -> None:
        failure = failure_of(changed(sample, lambda records, document: counted(records)))
        assert "looks like register reads" in str(failure)
        assert '"readings": "register"' in str(failure)
        assert failure.data_quality is not None
        assert failure.data_quality["baseline"]["readings"] > 5

    @pytest.mark.parametrize("sample", [ELECTRICITY, BILLS])
    def test_declared_reads_give_the_same_savings(self, sample: str, unchanged: Callable[[str], Document]) -> None:
        def declare(records: Records, document: Document) -> None:
            last = records[-2]["value"]
            counted(records)
            records[-1]["value"] = records[-2]["value"] + last
            document["trace"]["readings"] = "register"

        assert saved(run_meter(changed(sample, declare))) == pytest.approx(saved(unchanged(sample)), abs=1e-6)

    def test_steadily_growing_bills_can_be_declared(self) -> None:
        def grow(records: Records, document: Document) -> None:
            for number, record in enumerate(records[:-1]):
                record["value"] = 500.0 + 20 * number

        document = changed(BILLS, grow)
        assert "looks like register reads" in str(failure_of(document))
        document["trace"]["readings"] = "consumption"
        assert run_meter(document)["models"]["baseline"]["status"] == "SUCCESS"

    def test_a_steadily_falling_register_is_reported_as_such(self) -> None:
        def fall(records: Records, document: Document) -> None:
            for number, record in enumerate(records):
                record["value"] = 90_000.0 - 500 * number
            document["trace"]["readings"] = "register"

        assert "register reads that drop or jump at each of their 26 steps" in str(failure_of(changed(BILLS, fall)))

    def test_an_exchange_is_reported(self) -> None:
        def exchange(records: Records, document: Document) -> None:
            counted(records)
            records[-1]["value"] = records[-2]["value"]
            for record in records[200:]:
                record["value"] -= records[199]["value"] - 3
            document["trace"]["readings"] = "register"

        output = run_meter(changed(ELECTRICITY, exchange))
        date = portfolio.meter_input(ELECTRICITY)["trace"]["records"][199]["start"][:10]
        assert date in details(output)["register_exchanged"]
        assert output["models"]["baseline"]["data_quality"]["missing"] == 1


class TestOutliers:
    def spike(self, records: Records, document: Document) -> None:
        records[150]["value"] *= 200

    def test_the_failure_reports_the_day_the_value_and_the_limit(self) -> None:
        record = portfolio.meter_input(ELECTRICITY)["trace"]["records"][150]
        failure = failure_of(changed(ELECTRICITY, self.spike))
        assert re.search(rf"{record['start'][:10]}, {200 * record['value']:.6g} \(limit \d", str(failure))
        assert '{"outliers": "exclude"}' in str(failure)
        assert failure.data_quality is not None
        assert failure.data_quality["baseline"]["outliers"]["count"] == 1

    @pytest.mark.parametrize("sample", [ELECTRICITY, BILLS, "il-gas-hdd-only-hourly"])
    def test_outliers_can_be_excluded(self, sample: str, unchanged: Callable[[str], Document]) -> None:
        def spike(records: Records, document: Document) -> None:
            records[len(records) // 5]["value"] = 200 * max(record["value"] or 0 for record in records)
            document["formatter_kwargs"] = {"outliers": "exclude"}

        output = run_meter(changed(sample, spike))
        assert saved(output) == pytest.approx(saved(unchanged(sample)), abs=1.5)
        quality = output["models"]["baseline"]["data_quality"]
        assert (quality["outliers"]["count"], quality["outliers"]["excluded"]) == (1, True)
        assert "were excluded" in details(output)["outliers_excluded"]
        assert output["formatter_kwargs"]["outliers"] == "exclude"

    @pytest.mark.parametrize("sample", portfolio.names())
    def test_a_good_meter_has_no_outliers(self, sample: str) -> None:
        found = check_meter(portfolio.meter_input(sample))
        assert [found["data_quality"][period]["outliers"]["count"] for period in ("baseline", "reporting")] == [0, 0]

    def test_an_unknown_option_is_rejected(self) -> None:
        document = portfolio.meter_input(BILLS) | {"formatter_kwargs": {"outliers": "drop"}}
        assert "must be 'keep' or 'exclude'" in str(failure_of(document))


class TestZeros:
    def cooling(self, records: Records, document: Document) -> None:
        for record in records:
            if record["value"] is not None and int(record["start"][5:7]) not in (5, 6, 7, 8, 9):
                record["value"] = 0.0

    def test_the_failure_counts_zeros(self) -> None:
        failure = failure_of(changed(ELECTRICITY, self.cooling))
        assert "153 of 365 days have both a reading and a temperature" in str(failure)
        assert "212 readings are 0, which counts as missing for electricity (CalTRACK 2.2.1.4)" in str(failure)
        assert 'set "zero_is_reading": true on the trace' in str(failure)
        assert failure.data_quality is not None
        assert failure.data_quality["baseline"]["zero"] == 212

    @pytest.mark.parametrize("sample", [ELECTRICITY, BILLS, "il-electricity-cdd-hdd-hourly"])
    def test_declared_zeros_are_readings(self, sample: str) -> None:
        def declare(records: Records, document: Document) -> None:
            self.cooling(records, document)
            document["trace"]["zero_is_reading"] = True

        output = run_meter(changed(sample, declare))
        quality = output["models"]["baseline"]["data_quality"]
        assert quality["zero_is_reading"] is True
        assert quality["zero"] > 0
        assert "zeros_missing" not in details(output)
        observed = output["series"]["baseline"]["observed"]
        assert 0.0 in observed
        assert min(value for value in observed if value is not None) == 0.0

    def test_the_failure_explains_how_to_declare_a_period_of_zeros(self) -> None:
        def nothing(records: Records, document: Document) -> None:
            for record in records:
                record["value"] = 0.0

        assert '"zero_is_reading": true' in str(failure_of(changed(ELECTRICITY, nothing)))


class TestNegativeBills:
    def corrected(self, estimated: bool) -> Document:
        def correct(records: Records, document: Document) -> None:
            records[5]["value"] += 1500
            records[5]["estimated"] = estimated
            records[6]["value"] -= 1500

        return changed(BILLS, correct)

    def test_one_that_corrects_an_estimate_is_combined_with_it(self, unchanged: Callable[[str], Document]) -> None:
        output = run_meter(self.corrected(estimated=True))
        assert saved(output) == pytest.approx(saved(unchanged(BILLS)), abs=0.5)
        assert "negative_readings" not in details(output)

    def test_any_other_is_reported(self) -> None:
        assert "2016-05-24, -332.3" in details(run_meter(self.corrected(estimated=False)))["negative_readings"]

    def test_a_net_meter_may_have_negative_bills(self) -> None:
        document = self.corrected(estimated=False)
        document["trace"]["interpretation"] = "ELECTRICITY_CONSUMPTION_NET"
        assert "negative_readings" not in details(run_meter(document))


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


class TestTemperatures:
    def test_celsius_declared_as_fahrenheit_is_reported(self) -> None:
        def mislabel(records: Records, document: Document) -> None:
            hours = document["weather"]["records"]
            document["weather"]["records"] = [[at, (degrees - 32) / 1.8] for at, degrees in hours]

        assert "cannot be from the same place" in details(run_meter(changed(GAS, mislabel)))["weather_mismatch"]

    def test_sentinels_count_as_missing(self, unchanged: Callable[[str], Document]) -> None:
        def sentinel(records: Records, document: Document) -> None:
            for hour in document["weather"]["records"][2000::50]:
                hour[1] = 999.9

        output = run_meter(changed(GAS, sentinel))
        assert details(output)["impossible_temperatures"].startswith("349 observed temperatures")
        assert saved(output) == pytest.approx(saved(unchanged(GAS)), abs=0.5)
        assert "impossible on Earth" in details(output)["impossible_temperatures"]

    def test_a_code_within_the_range_counts_as_missing(self, unchanged: Callable[[str], Document]) -> None:
        def code(records: Records, document: Document) -> None:
            for hour in document["weather"]["records"][2000::50]:
                hour[1] = -99.0

        output = run_meter(changed(GAS, code))
        assert saved(output) == pytest.approx(saved(unchanged(GAS)), abs=0.5)
        assert "impossible_temperatures" in details(output)

    def test_one_temperature_leaves_the_reporting_period_without_a_model(self) -> None:
        def lose(records: Records, document: Document) -> None:
            hours = document["weather"]["records"]
            document["weather"]["records"] = [
                hour for hour in hours if hour[0] < "2017" or hour[0][:13] == "2017-06-01T00"
            ]

        report = run_meter(changed(GAS, lose))["models"]["reporting"]
        assert "has only 1 temperatures" in report["disqualification"][0]["detail"]


class TestNormalYear:
    def test_a_normal_year_from_a_leap_year_lacks_its_last_day(self, unchanged: Callable[[str], Document]) -> None:
        def leap(records: Records, document: Document) -> None:
            first = pd.Timestamp("2016-01-01T00:00Z")
            hours = document["weather_normal"]["records"]
            document["weather_normal"]["records"] = [
                [(first + pd.Timedelta(hours=hour)).isoformat(), degrees] for hour, (_, degrees) in enumerate(hours)
            ]

        output = run_meter(changed(GAS, leap))
        assert saved(output) == pytest.approx(saved(unchanged(GAS)), abs=0.3)
        assert "lacks 24 hours (12-31)" in details(output)["normal_year_filled"]


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


class TestTheCheck:
    @pytest.mark.parametrize("sample", [ELECTRICITY, BILLS, "il-gas-hdd-only-hourly"])
    def test_the_check_has_the_report_of_the_run(self, sample: str, unchanged: Callable[[str], Document]) -> None:
        found, output = check_meter(portfolio.meter_input(sample)), unchanged(sample)
        assert found["data_quality"] == output["data_quality"]
        assert found["failure"] is None
        for period, report in output["models"].items():
            assert report["data_quality"] == found["data_quality"][period]
            of_period = [{**one, "period": period} for one in report["warnings"] if "poor_fit" not in one["name"]]
            assert [one for one in found["warnings"] if one["period"] == period] == of_period

    def test_the_check_predicts_the_failure_of_the_run(self) -> None:
        document = changed(ELECTRICITY, TestZeros().cooling)
        found, failure = check_meter(document), failure_of(document)
        assert found["failure"] == {"reason": failure.reason, "message": str(failure)}
        assert found["data_quality"] == failure.data_quality

    @pytest.mark.parametrize("document", [{}, {"type": "SINGLE_TRACE_SIMPLE_PROJECT"}])
    def test_the_check_of_unreadable_input_is_a_failure(self, document: Document) -> None:
        assert check_meter(document)["failure"]["reason"] == "data"
