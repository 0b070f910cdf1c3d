import json

import pandas as pd
import pytest
from eemeter.eemeter.samples import load_sample

from infra.local import portfolio


def test_there_are_sixteen_meters_each_with_its_own_project() -> None:
    assert len(portfolio.names()) == 16
    meter = portfolio.sample_meter("il-gas-hdd-only-daily")
    assert meter.project["project_id"] == meter.trace["trace_id"] == "il-gas-hdd-only-daily"
    assert meter.trace["unit"] == "THERM"
    assert meter.project["baseline_period_end"] == "2016-12-26T00:00:00-06:00"
    assert meter.project["metadata"]["true_savings_percent"] == 10
    assert meter.records[0] == {
        "start": "2015-11-22T00:00:00+00:00",
        "value": meter.records[0]["value"],
        "estimated": False,
    }
    assert meter.records[-1]["value"] is None


@pytest.mark.parametrize("name", ["il-electricity-cdd-hdd-billing_monthly", "il-gas-hdd-only-billing_bimonthly"])
def test_samples_are_valid_json(name: str) -> None:
    json.dumps(portfolio.sample_meter(name), allow_nan=False)
    json.dumps(portfolio.meter_input(name), allow_nan=False)


def test_the_normal_year_consists_of_observed_months() -> None:
    records = portfolio.weather_records()
    observed = {record["start"]: record["temperature"] for record in records if record["dataset"] == "observed"}
    normal = [record for record in records if record["dataset"] == "normal"]
    assert len(normal) == 8760
    hottest = [record["temperature"] for record in normal if record["start"].startswith("2015-07")]
    candidates = [
        [value for start, value in observed.items() if start.startswith(month)] for month in ("2016-07", "2017-07")
    ]
    assert hottest in candidates
    assert pd.to_datetime([record["start"] for record in normal]).is_monotonic_increasing


@pytest.mark.parametrize("name", ["il-electricity-cdd-hdd-hourly", "il-gas-hdd-only-daily"])
def test_the_records_equal_those_loaded_by_eemeter(name: str) -> None:
    readings, _, _ = load_sample(name)
    expected = [(at.isoformat(), None if pd.isna(value) else value) for at, value in readings["value"].items()]
    assert [(record["start"], record["value"]) for record in portfolio.sample_meter(name).records] == expected
