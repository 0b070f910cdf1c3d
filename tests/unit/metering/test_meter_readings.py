"""How the readings of a trace become those of a modeling period."""

from collections.abc import Callable

import pandas as pd
import pytest

from chalicelib.metering import run_meter
from chalicelib.metering.models import formatters
from tests.unit.metering.documents import Document, derivative, with_values


def test_months_of_daily_readings_can_be_modeled_as_bills(days: Document, changed: Callable[..., Document]) -> None:
    output = run_meter(changed(days, "model_class", "BillingModel"))
    assert (output["model_class"], output["frequency"]) == ("BillingModel", "daily")
    assert output["models"]["baseline"]["n"] == 11
    assert output["models"]["reporting"]["start"] == "2017-02-01T06:00:00.000000Z"
    assert derivative(output, "gross_observed")["reporting_n"] == 365


def test_gaps_that_eemeter_accepts_give_eemeters_own_data(days: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = with_values(days, lambda number, value: None if number % 17 == 3 else value)
    ours = run_meter(gaps)
    monkeypatch.delattr(formatters.DaysBaselineData, "_compute_meter_value_df")
    assert run_meter(gaps) == ours


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


def test_an_estimated_bill_is_combined_with_the_next(bills: Document, changed: Callable[..., Document]) -> None:
    records = [{**record, "estimated": number == 5} for number, record in enumerate(bills["trace"]["records"])]
    output = run_meter(changed(bills, "trace.records", records))
    assert [model["n"] for model in output["models"].values()] == [11, 12]


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


def test_daily_readings_can_be_modeled_as_caltrack_bills(days: Document, changed: Callable[..., Document]) -> None:
    output = run_meter(changed(days, "model_class", "CaltrackBillingModel"))
    assert [model["n"] for model in output["models"].values()] == [12, 12]
    assert output["savings"][0]["percent"] == pytest.approx(10, abs=4)


@pytest.mark.parametrize("zone", ["America/Santiago", "America/Sao_Paulo", "Asia/Beirut", "America/Havana"])
def test_bills_run_in_time_zones_with_clock_changes_at_midnight(
    bills: Document, changed: Callable[..., Document], zone: str
) -> None:
    output = run_meter(changed(bills, "project.timezone", zone))
    assert [model["n"] for model in output["models"].values()] == [12, 12]
    assert derivative(output, "annualized_weather_normal")["baseline_n"] == 365


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
