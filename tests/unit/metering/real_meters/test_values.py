"""Values that are no consumption, or far off: the results, and the findings."""

import re
from collections.abc import Callable

import pytest

from chalicelib.metering import check_meter, run_meter
from infra.local import portfolio
from tests.unit.metering.real_meters.samples import (
    BILLS,
    ELECTRICITY,
    GAS,
    Document,
    Records,
    changed,
    cooling_only,
    details,
    failure_of,
    saved,
)

pytestmark = pytest.mark.slow


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
    def test_the_failure_counts_zeros(self) -> None:
        failure = failure_of(changed(ELECTRICITY, cooling_only))
        assert "153 of 365 days have both a reading and a temperature" in str(failure)
        assert "212 readings are 0, which counts as missing for electricity (CalTRACK 2.2.1.4)" in str(failure)
        assert 'set "zero_is_reading": true on the trace' in str(failure)
        assert failure.data_quality is not None
        assert failure.data_quality["baseline"]["zero"] == 212

    @pytest.mark.parametrize("sample", [ELECTRICITY, BILLS, "il-electricity-cdd-hdd-hourly"])
    def test_declared_zeros_are_readings(self, sample: str) -> None:
        def declare(records: Records, document: Document) -> None:
            cooling_only(records, document)
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
