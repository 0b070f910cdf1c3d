"""Runs that fail, or lack a model, and the reasons that they give."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.metering import MeterFailure, run_meter
from infra.local import portfolio
from tests.unit.metering.documents import Document, derivative, with_values


def test_a_disqualified_baseline_fails_with_its_numbers() -> None:
    with pytest.raises(MeterFailure) as failure:
        run_meter(portfolio.meter_input("il-gas-hdd-only-billing_bimonthly") | {"model_class": "BillingModel"})
    assert "2016-01-21 to 2016-11-23" in str(failure.value)
    assert "307 of 307 days" in str(failure.value)
    assert "329 are required" in str(failure.value)
    assert "the readings begin on 2016-01-21 and end on 2016-11-23" in str(failure.value)
    assert "ignore_sufficiency" in str(failure.value)


def test_sufficiency_can_be_ignored_and_is_still_reported(changed: Callable[..., Document]) -> None:
    insufficient = portfolio.meter_input("il-gas-hdd-only-billing_bimonthly") | {"model_class": "BillingModel"}
    output = run_meter(changed(insufficient, "formatter_kwargs", {"ignore_sufficiency": True}))
    baseline = output["models"]["baseline"]
    assert baseline["status"] == "DISQUALIFIED"
    [criterion] = baseline["disqualification"]
    assert criterion["name"] == "eemeter.sufficiency_criteria.incorrect_number_of_total_days"
    assert criterion["data"]["n_days_total"] == 307
    assert output["formatter_kwargs"] == {"ignore_sufficiency": True, "outliers": "keep"}


def test_without_a_reporting_model_its_derivatives_have_no_reporting_side(
    changed: Callable[..., Document],
) -> None:
    document = portfolio.meter_input("il-electricity-cdd-hdd-billing_bimonthly") | {"model_class": "BillingModel"}
    output = run_meter(document)
    report = output["models"]["reporting"]
    assert (report["status"], report["cvrmse"]) == ("DISQUALIFIED", None)
    assert report["disqualification"][0]["detail"].startswith("318 of 318 days have both")
    for interpretation in ("annualized_weather_normal", "gross_predicted"):
        assert derivative(output, interpretation)["baseline_value"] > 0
        assert derivative(output, interpretation)["reporting_value"] is None
    assert derivative(output, "gross_observed")["reporting_value"] == pytest.approx(7301.34)  # needs no model
    assert output["fitted_models"]["reporting"] is None
    assert [one["interpretation"] for one in output["savings"]] == ["gross_observed"]
    forced = run_meter(changed(document, "formatter_kwargs", {"ignore_sufficiency": True}))
    assert forced["models"]["reporting"]["status"] == "DISQUALIFIED"
    assert derivative(forced, "annualized_weather_normal")["reporting_value"] > 0


def test_a_project_without_a_reporting_period_has_its_normal_year(
    bills: Document, changed: Callable[..., Document]
) -> None:
    start = "project.modeling_period_group.reporting_period.start"
    output = run_meter(changed(bills, start, "2019-01-01T00:00:00Z"))
    assert output["models"]["reporting"]["status"] == "DISQUALIFIED"
    assert derivative(output, "annualized_weather_normal")["baseline_value"] > 0
    assert derivative(output, "gross_observed")["baseline_value"] is None


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("model_class", "MyModel", "one of DailyModel, DailyLegacyModel, CaltrackBillingModel, BillingModel, Hou"),
        ("model_class", "HourlyModel", "HourlyModel needs readings of a day or less, but the trace has bills"),
        ("model_class", "DailyModel", "DailyModel needs readings of a day or less"),
        ("project.modeling_period_group.baseline_period.end", "2014-01-01T00:00:00Z", "no complete readings in the ba"),
        ("weather.records", [["2010-01-01T00:00:00Z", 50]], "no temperatures from 2015-12-21 to 2016-12-19, only from"),
    ],
)
def test_a_run_that_fails_states_why(
    bills: Document, changed: Callable[..., Document], path: str, value: Any, message: str
) -> None:
    with pytest.raises(MeterFailure, match=message):
        run_meter(changed(bills, path, value))


def test_negative_gas_and_missing_weather_are_reported_with_their_numbers(
    days: Document, changed: Callable[..., Document]
) -> None:
    records = [
        {**record, "value": -1.0 if number in (100, 200) else record["value"]}
        for number, record in enumerate(days["trace"]["records"])
    ]
    hours = [[at, None if at.startswith("2016-07") else value] for at, value in days["weather"]["records"]]
    broken = changed(changed(days, "trace.records", records), "weather.records", hours)
    with pytest.raises(MeterFailure) as failure:
        run_meter(broken)
    assert "days with a negative reading, which is impossible for gas consumption: 2. " in str(failure.value)
    assert "months with less than" not in str(failure.value)  # 31 of 365 days: 90 % of the days have temperatures
    (output,) = [run_meter(changed(days, "weather.records", hours))]
    details = [one["detail"] for one in output["models"]["baseline"]["warnings"]]
    assert any("less than 90 % of their temperatures: 2016-07 (0 of 31 days)" in detail for detail in details)
    assert any("half of their hours have a temperature: 2016-07-01 to 2016-07-31" in detail for detail in details)


def test_a_stopped_meter_is_reported(bills: Document, days: Document) -> None:
    with pytest.raises(MeterFailure, match=r"All readings of the baseline period, .* are 0, which counts as missing"):
        run_meter(with_values(bills, lambda number, value: 0.0))
    with pytest.raises(MeterFailure, match=r"365 of 365 readings not null: all readings are 5, but"):
        run_meter(with_values(days, lambda number, value: 5.0))


def test_gaps_between_days_are_counted_and_not_treated_as_bills(days: Document) -> None:
    gaps = with_values(days, lambda number, value: None if number % 3 == 0 else value)
    with pytest.raises(
        MeterFailure,
        match=r"243 of 365 days .*: 122 days have no reading \(2015-12-28, 2015-12-31, .* and 119 more",
    ):
        run_meter(gaps)
    output = run_meter({**gaps, "formatter_kwargs": {"ignore_sufficiency": True}})
    assert (output["models"]["baseline"]["status"], output["models"]["baseline"]["n"]) == ("DISQUALIFIED", 243)


def test_days_in_utc_give_a_warning(bills: Document, changed: Callable[..., Document]) -> None:
    output = run_meter(changed(bills, "project.timezone", None))
    [warning] = output["models"]["baseline"]["warnings"]
    assert "set the project's timezone" in warning["detail"]


def test_exported_generation_needs_no_baseline(days: Document, changed: Callable[..., Document]) -> None:
    trace = {**days["trace"], "interpretation": "E_OSG_U", "unit": "kWh"}
    trace["records"] = [record for record in trace["records"] if record["start"] >= "2017-01-04"]
    output = run_meter(changed(days, "trace", trace))
    assert output["models"]["baseline"]["status"] == "DISQUALIFIED"
    normal = derivative(output, "annualized_weather_normal")
    assert (normal["baseline_value"], normal["baseline_n"]) == (None, None)
    assert normal["reporting_value"] > 0
    assert output["savings"] == []
    with pytest.raises(MeterFailure, match="no complete readings in the baseline period"):
        run_meter(changed(changed(days, "trace", trace), "trace.interpretation", "E_C_S"))


def test_too_few_bills_are_reported_by_date(bills: Document) -> None:
    with pytest.raises(MeterFailure) as failure:
        run_meter(with_values(bills, lambda number, value: None if number in (3, 4, 5) else value))
    assert "does not meet CalTRACK's sufficiency criteria: the usable bills cover" in str(failure.value)
    assert "2016-04-21 to 2016-05-24 (33 days), no reading; usable bills: 2015-12-21 to" in str(failure.value)


def test_missing_temperatures_of_all_bills_are_reported(bills: Document, changed: Callable[..., Document]) -> None:
    hours = [[at, value if at >= "2017" or at[11:13] < "09" else None] for at, value in bills["weather"]["records"]]
    ignoring = changed(bills, "formatter_kwargs", {"ignore_sufficiency": True})
    with pytest.raises(MeterFailure, match=r"has only 3,276 temperatures .* no day has half of its hours"):
        run_meter(changed(ignoring, "weather.records", hours))


def test_a_misspelled_setting_is_rejected(bills: Document) -> None:
    with pytest.raises(MeterFailure, match="Balance_Point_Step: Extra inputs are not permitted"):
        run_meter(bills | {"model_kwargs": {"Balance_Point_Step": 3}})


def test_a_window_before_the_reporting_period_fails_the_run(days: Document) -> None:
    window = {"start": "2017-01-03", "end": "2018-01-03"}
    with pytest.raises(MeterFailure, match=r"starts at 2017-01-03.* before .* starts at 2017-01-04"):
        run_meter(days | {"reporting_window": window})
