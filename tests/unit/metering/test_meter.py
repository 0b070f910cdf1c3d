import json
import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from benchmarks.equality.samples import TOLERANCE, compare
from chalicelib.metering import DATASTORE_VERSION, EEMETER_VERSION, MeterFailure, run_meter
from chalicelib.metering.models import formatters
from infra.local import portfolio

Document = dict[str, Any]


def with_values(document: Document, value: Callable[[int, float], float | None]) -> Document:
    """Return the document with `value(number, value)` as the value of each record that has one."""
    records = [
        {**record, "value": None if record["value"] is None else value(number, record["value"])}
        for number, record in enumerate(document["trace"]["records"])
    ]
    return {**document, "trace": {**document["trace"], "records": records}}


def derivative(output: Document, interpretation: str) -> Document:
    [found] = [item for item in output["derivatives"] if item["interpretation"] == interpretation]
    return dict(found)


def test_a_run_reports_what_it_used(bills_output: Document) -> None:
    assert bills_output["model_class"] == "CaltrackBillingModel"
    assert bills_output["model_kwargs"] == {
        "balance_point_minimum": 30,
        "balance_point_maximum": 90,
        "balance_point_step": 1,
    }
    assert (bills_output["formatter_class"], bills_output["formatter_kwargs"]) == (
        "caltrack_billing",
        {"ignore_sufficiency": False, "outliers": "keep"},
    )
    assert bills_output["uncertainty"] == "regression"
    assert (bills_output["eemeter_version"], bills_output["datastore_version"]) == (EEMETER_VERSION, DATASTORE_VERSION)
    assert (bills_output["weather_station"], bills_output["weather_normal_station"]) == ("724390", "724390")
    assert bills_output["frequency"] == "billing_monthly"


def test_both_models_are_reported(bills_output: Document) -> None:
    models = bills_output["models"]
    for model in models.values():
        assert model["status"] == "SUCCESS"
        assert model["n"] == 12
        assert 0.9 < model["r2"] < 1
        assert 0 < model["cvrmse"] < 0.2
        assert model["rmse"] > 0
        assert model["disqualification"] == []
    assert (models["baseline"]["start"], models["baseline"]["end"]) == (
        "2015-12-21T06:00:00.000000Z",
        "2016-12-19T06:00:00.000000Z",
    )


def test_the_derivatives(bills_output: Document) -> None:
    normal, gross, observed = bills_output["derivatives"]
    assert [item["interpretation"] for item in (normal, gross, observed)] == [
        "annualized_weather_normal",
        "gross_predicted",
        "gross_observed",
    ]
    assert {item["unit"] for item in bills_output["derivatives"]} == {"KWH"}
    assert (normal["baseline_n"], normal["reporting_n"]) == (365, 365)
    assert (gross["baseline_n"], observed["reporting_n"]) == (364, 364)
    assert observed["baseline_value"] == gross["baseline_value"]
    # with an intercept and weights by days, the fitted bills sum to the observed ones
    assert observed["reporting_value"] == pytest.approx(gross["reporting_value"], rel=1e-12)
    assert (observed["reporting_lower"], observed["reporting_upper"]) == (0, 0)
    for item in (normal, gross):
        saved = item["baseline_value"] - item["reporting_value"]
        half_width = (item["baseline_lower"] ** 2 + item["reporting_lower"] ** 2) ** 0.5
        assert item["baseline_lower"] == item["baseline_upper"]
        assert abs(saved - 0.1 * item["baseline_value"]) < half_width
        assert 0.01 < saved / item["baseline_value"] < 0.18


def test_the_observed_energy_is_the_billed_energy(bills: Document, bills_output: Document) -> None:
    reporting = bills_output["models"]["reporting"]
    billed = [
        record["value"]
        for record in bills["trace"]["records"]
        if reporting["start"][:10] <= record["start"][:10] < reporting["end"][:10]
    ]
    assert derivative(bills_output, "gross_observed")["reporting_value"] == pytest.approx(sum(billed), rel=1e-12)
    assert bills_output["series"]["reporting"]["observed"] == pytest.approx(billed, rel=1e-12)


def test_the_series_are_columns_of_equal_length(bills_output: Document) -> None:
    for series in bills_output["series"].values():
        assert {len(column) for column in series.values()} == {12}
    assert set(bills_output["series"]["reporting"]) == {"start", "observed", "predicted", "reporting_predicted"}


def test_records_in_any_order_give_the_same_bytes(
    bills: Document, bills_output: Document, changed: Callable[..., Document]
) -> None:
    records = bills["trace"]["records"] + bills["trace"]["records"][3:7]
    random.Random(2).shuffle(records)
    again = run_meter(json.loads(json.dumps(changed(bills, "trace.records", records))))
    assert again["input_sha256"] != bills_output["input_sha256"]
    again["input_sha256"] = bills_output["input_sha256"]
    assert json.dumps(again, allow_nan=False) == json.dumps(bills_output, allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "il-electricity-cdd-only-billing_monthly",
        "il-electricity-cdd-hdd-billing_bimonthly",
        "il-gas-intercept-only-daily",
    ],
)
def test_the_results_equal_eemeters_own(name: str) -> None:
    assert compare(name) <= TOLERANCE


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


def test_months_of_daily_readings_can_be_modeled_as_bills(days: Document, changed: Callable[..., Document]) -> None:
    output = run_meter(changed(days, "model_class", "BillingModel"))
    assert (output["model_class"], output["frequency"]) == ("BillingModel", "daily")
    assert output["models"]["baseline"]["n"] == 11
    assert output["models"]["reporting"]["start"] == "2017-02-01T06:00:00.000000Z"
    assert derivative(output, "gross_observed")["reporting_n"] == 365


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


def test_gaps_that_eemeter_accepts_give_eemeters_own_data(days: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = with_values(days, lambda number, value: None if number % 17 == 3 else value)
    ours = run_meter(gaps)
    monkeypatch.delattr(formatters.DaysBaselineData, "_compute_meter_value_df")
    assert run_meter(gaps) == ours


@pytest.mark.parametrize("uncertainty", ["guideline14", "caltrack"])
def test_values_without_an_interval_have_a_reason(bills: Document, uncertainty: str) -> None:
    output = run_meter(with_values(bills, lambda number, value: -value) | {"uncertainty": uncertainty})
    assert output["derivatives"][0]["baseline_value"] < 0
    assert output["derivatives"][0]["baseline_lower"] is None
    for report in output["models"].values():
        assert report["status"] == "SUCCESS"
        assert "datastore.no_interval" in [warning["name"] for warning in report["warnings"]]


def test_days_in_utc_give_a_warning(bills: Document, changed: Callable[..., Document]) -> None:
    output = run_meter(changed(bills, "project.timezone", None))
    [warning] = output["models"]["baseline"]["warnings"]
    assert "set the project's timezone" in warning["detail"]


def test_a_half_hour_time_zone_has_complete_days(days: Document, changed: Callable[..., Document]) -> None:
    def moved(instant: str) -> str:
        return pd.Timestamp(instant).tz_localize(None).tz_localize("Asia/Kolkata").isoformat()

    records = [{**record, "start": moved(record["start"][:10])} for record in days["trace"]["records"]]
    periods = {
        "baseline_period": {"start": None, "end": moved("2016-12-26")},
        "reporting_period": {"start": moved("2017-01-04"), "end": None},
    }
    document = changed(days, "trace.records", records)
    document = changed(document, "project.timezone", "Asia/Kolkata")
    output = run_meter(changed(document, "project.modeling_period_group", periods))
    for model in output["models"].values():
        assert (model["status"], model["n"]) == ("SUCCESS", 365)


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


def test_an_estimated_bill_is_combined_with_the_next(bills: Document, changed: Callable[..., Document]) -> None:
    records = [{**record, "estimated": number == 5} for number, record in enumerate(bills["trace"]["records"])]
    output = run_meter(changed(bills, "trace.records", records))
    assert [model["n"] for model in output["models"].values()] == [11, 12]


@pytest.mark.parametrize("name", [name for name in portfolio.names() if "billing" in name])
def test_every_billing_sample_has_both_models(name: str) -> None:
    output = run_meter(portfolio.meter_input(name))
    assert [model["status"] for model in output["models"].values()] == ["SUCCESS", "SUCCESS"]
    for saved in output["savings"]:
        assert abs(saved["percent"] - 10) < saved["percent_half_width"] < 15


def test_a_net_meter_has_an_interval(bills: Document) -> None:
    output = run_meter(with_values(bills, lambda number, value: -value))
    assert output["derivatives"][0]["baseline_value"] < 0
    assert output["derivatives"][0]["baseline_lower"] > 0


def test_a_skipped_read_loses_no_days(bills: Document, changed: Callable[..., Document]) -> None:
    records = bills["trace"]["records"]
    bill, after = records[4], records[5]
    joined = {**bill, "value": bill["value"] + after["value"]}
    output = run_meter(changed(bills, "trace.records", [*records[:4], joined, *records[6:]]))
    assert [model["n"] for model in output["models"].values()] == [11, 12]
    (warning,) = output["models"]["baseline"]["warnings"]
    assert warning["name"] == "datastore.data_quality.long_bills"
    assert derivative(output, "gross_observed")["baseline_n"] == 364


def test_a_null_bill_loses_only_its_own_days(bills: Document) -> None:
    output = run_meter(with_values(bills, lambda number, value: None if number == 5 else value))
    assert [model["n"] for model in output["models"].values()] == [11, 12]
    [warning] = output["models"]["baseline"]["warnings"]
    assert "2016-04-21 to 2016-05-24 (33 days), no reading" in warning["detail"]


def test_too_few_bills_are_reported_by_date(bills: Document) -> None:
    with pytest.raises(MeterFailure) as failure:
        run_meter(with_values(bills, lambda number, value: None if number in (3, 4, 5) else value))
    assert "does not meet CalTRACK's sufficiency criteria: the usable bills cover" in str(failure.value)
    assert "2016-04-21 to 2016-05-24 (33 days), no reading; usable bills: 2015-12-21 to" in str(failure.value)


@pytest.mark.parametrize(
    ("uncertainty", "shown"), [("regression", True), ("caltrack", True), ("bootstrap", True), ("guideline14", False)]
)
def test_derivatives_include_the_numbers_behind_their_interval(bills: Document, uncertainty: str, shown: bool) -> None:
    output = run_meter(bills | {"uncertainty": uncertainty})
    assert output["uncertainty"] == uncertainty
    for found in output["derivatives"]:
        assert found["uncertainty"] == uncertainty
        assert found["systematic_error"] == pytest.approx(0.002 * found["baseline_value"])
        assert (found["baseline_standard_error"] is not None) == shown
        if shown:
            t = found["baseline_lower"] / found["baseline_standard_error"]
            assert found["baseline_degrees_of_freedom"] >= 1
            assert 1.96 < t < 13


def test_daily_readings_can_be_modeled_as_caltrack_bills(days: Document, changed: Callable[..., Document]) -> None:
    output = run_meter(changed(days, "model_class", "CaltrackBillingModel"))
    assert [model["n"] for model in output["models"].values()] == [12, 12]
    assert output["savings"][0]["percent"] == pytest.approx(10, abs=4)


@pytest.mark.parametrize(("uncertainty", "half_width"), [("regression", 0), ("bootstrap", 0), ("caltrack", None)])
def test_a_stopped_gas_meter_has_zero_consumption(bills: Document, uncertainty: str, half_width: float | None) -> None:
    trace = with_values(bills, lambda number, value: 0.0)["trace"]
    gas = {**bills, "trace": {**trace, "interpretation": "NG_C_S", "unit": "therm"}, "uncertainty": uncertainty}
    output = run_meter(gas)
    found = output["derivatives"][0]
    assert (found["baseline_value"], found["baseline_lower"]) == (0, half_width)
    warnings = [warning["name"] for report in output["models"].values() for warning in report["warnings"]]
    assert warnings == ([] if half_width == 0 else ["datastore.no_interval"] * 2)


@pytest.mark.parametrize("zone", ["America/Santiago", "America/Sao_Paulo", "Asia/Beirut", "America/Havana"])
def test_bills_run_in_time_zones_with_clock_changes_at_midnight(
    bills: Document, changed: Callable[..., Document], zone: str
) -> None:
    output = run_meter(changed(bills, "project.timezone", zone))
    assert [model["n"] for model in output["models"].values()] == [12, 12]
    assert derivative(output, "annualized_weather_normal")["baseline_n"] == 365


def test_missing_temperatures_of_all_bills_are_reported(bills: Document, changed: Callable[..., Document]) -> None:
    hours = [[at, value if at >= "2017" or at[11:13] < "09" else None] for at, value in bills["weather"]["records"]]
    ignoring = changed(bills, "formatter_kwargs", {"ignore_sufficiency": True})
    with pytest.raises(MeterFailure, match=r"has only 3,276 temperatures .* no day has half of its hours"):
        run_meter(changed(ignoring, "weather.records", hours))


def test_a_misspelled_setting_is_rejected(bills: Document) -> None:
    with pytest.raises(MeterFailure, match="Balance_Point_Step: Extra inputs are not permitted"):
        run_meter(bills | {"model_kwargs": {"Balance_Point_Step": 3}})


def test_a_run_models_the_requested_reporting_window(days: Document) -> None:
    first, latest = run_meter(days), run_meter(days | {"reporting_window": "latest_year"})
    assert (first["reporting_window"], latest["reporting_window"]) == ("first_year", "latest_year")
    assert latest["models"]["baseline"] == first["models"]["baseline"]
    spans = [[run["models"]["reporting"][edge][:10] for edge in ("start", "end")] for run in (first, latest)]
    assert spans == [["2017-01-04", "2018-01-04"], ["2017-02-08", "2018-02-08"]]
    window = {"start": "2017-02-08", "end": "2018-02-08"}
    dated = run_meter(days | {"reporting_window": window})
    assert dated["reporting_window"] == window
    same = ("models", "derivatives", "savings", "series")
    assert {name: dated[name] for name in same} == {name: latest[name] for name in same}


def test_a_window_before_the_reporting_period_fails_the_run(days: Document) -> None:
    window = {"start": "2017-01-03", "end": "2018-01-03"}
    with pytest.raises(MeterFailure, match=r"starts at 2017-01-03.* before .* starts at 2017-01-04"):
        run_meter(days | {"reporting_window": window})
