"""Monthly and cumulative sums, and the savings of a derivative."""

import math
from typing import Any

import pandas as pd
import pytest

from chalicelib.metering.results.calendar import cumulative, daily, monthly
from chalicelib.metering.results.derivatives import savings

Document = dict[str, Any]


def test_months_sum_the_days_with_complete_data() -> None:
    index = pd.date_range("2016-01-30", periods=4, freq="D", tz="America/Chicago")
    days = pd.DataFrame({"observed": [1.0, 2.0, None, 4.0], "predicted": [2.0, 3.0, 4.0, 5.0]}, index=index)
    found = monthly(days)
    assert [f"{start:%Y-%m-%d}" for start in pd.DatetimeIndex(found.index)] == ["2016-01-01", "2016-02-01"]
    assert found.to_dict("list") == {"observed": [3, 4], "predicted": [5, 5], "n": [2, 1]}
    assert cumulative(days)["savings"].tolist() == [1, 2, 3]
    assert monthly(days.iloc[:0]).empty


def test_hours_are_summed_by_day() -> None:
    index = pd.date_range("2016-03-13", "2016-03-15", freq="h", tz="America/Chicago", inclusive="left")
    found = daily(pd.DataFrame({"observed": 1.0}, index=index))
    assert found["observed"].tolist() == [23, 24]


def test_monthly_and_cumulative_sums_match_the_derivatives(bills_output: Document) -> None:
    observed = next(one for one in bills_output["derivatives"] if one["interpretation"] == "gross_observed")
    months, running = bills_output["monthly"]["reporting"], bills_output["cumulative"]["reporting"]
    assert sum(months["observed"]) == pytest.approx(observed["reporting_value"])
    assert sum(months["n"]) == observed["reporting_n"]
    assert running["predicted"][-1] == pytest.approx(observed["baseline_value"])
    predicted = next(one for one in bills_output["derivatives"] if one["interpretation"] == "gross_predicted")
    assert running["reporting_predicted"][-1] == pytest.approx(predicted["reporting_value"])
    assert running["savings"][-1] == pytest.approx(observed["baseline_value"] - observed["reporting_value"])


def test_savings_in_units_and_percent(bills_output: Document) -> None:
    for one, derivative in zip(bills_output["savings"], bills_output["derivatives"], strict=True):
        assert one["value"] == derivative["baseline_value"] - derivative["reporting_value"]
        assert one["half_width"] == pytest.approx(
            math.hypot(derivative["baseline_lower"], derivative["reporting_lower"])
        )
        assert one["percent"] == pytest.approx(100 * one["value"] / derivative["baseline_value"])
        assert one["fsu"] == pytest.approx(one["half_width"] / one["value"])
    for model in bills_output["models"].values():
        assert abs(model["nmbe"]) < 0.05


def test_savings_of_generation_are_its_increase() -> None:
    sides = {"baseline_value": 0.0, "baseline_lower": 0.0, "reporting_value": 50.0, "reporting_lower": 3.0}
    derivative = {"interpretation": "gross_predicted", "unit": "KWH", **sides}
    found = savings(derivative, "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED")
    assert found is not None
    assert (found["value"], found["half_width"], found["percent"], found["fsu"]) == (50, 3, None, 0.06)
    assert savings({**derivative, "reporting_lower": None}, "ELECTRICITY_CONSUMPTION_SUPPLIED") is None
