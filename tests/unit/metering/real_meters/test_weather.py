"""Temperatures that are missing or wrong: the results, and the findings."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from chalicelib.metering import run_meter
from infra.local import portfolio
from tests.unit.metering.real_meters.samples import BILLS, GAS, Document, Records, changed, details, failure_of, saved

pytestmark = pytest.mark.slow


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
