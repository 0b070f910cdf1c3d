"""Meter data as utilities post them, through the API: what fails, what is reported, and what then runs."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.local import portfolio
from infra.local.stack import Running
from tests.stack.client import Api

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BILLS = "il-electricity-cdd-hdd-billing_monthly"
Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def post(api: Api, weather: None) -> Callable[..., int]:
    """Posts a sample after a function has changed its records; keywords are fields of its trace."""

    def posted(change: Callable[[Records], None] = lambda records: None, name: str = BILLS, **fields: Any) -> int:
        project, trace, records = portfolio.sample_meter(name)
        unique = uuid.uuid4().hex
        project_id = api.post("projects/", {**project, "project_id": unique})["id"]
        trace_id = int(api.post("traces/", {**trace, "trace_id": unique, "projects": [project_id], **fields})["id"])
        change(records)
        api.post("trace_records/", [{"trace": trace_id, **record} for record in records])
        return trace_id

    return posted


def to_register_reads(records: Records) -> None:
    """Turn consumption into register reads."""
    total = 41_000.0
    for record in records:
        used, record["value"] = record["value"] or 0.0, round(total, 2)
        total += used


def run(api: Api, trace: int, **arguments: Any) -> dict[str, Any]:
    return api.ended(api.post("meter_runs/", {"trace": trace, **arguments})["id"])


def warnings(api: Api, run: dict[str, Any]) -> dict[str, str]:
    """The warnings of a run's baseline by name."""
    assert run["status"] == "SUCCESS", run["failure_message"]
    models = api.get(f"meter_results/{run['meter_result']}/")["models"]
    return {one["name"].rpartition(".")[2]: one["detail"] for one in models["baseline"]["warnings"]}


def test_undeclared_register_reads_fail_with_a_report_and_declared_ones_run(api: Api, post: Callable[..., int]) -> None:
    trace = post(to_register_reads)
    failed = run(api, trace)
    assert (failed["status"], failed["failure_reason"]) == ("FAILED", "data")
    assert "looks like register reads" in failed["failure_message"]
    assert failed["data_quality"]["baseline"]["readings"] == 12
    api.call("PATCH", f"traces/{trace}/", json={"readings": "register"})
    again = run(api, trace)
    found = api.derivatives(api.succeeded(again["id"]))["gross_observed"]
    plain = api.derivatives(api.succeeded(run(api, post())["id"]))["gross_observed"]
    assert found["baseline_value"] == pytest.approx(plain["baseline_value"])


def test_gas_by_volume_gives_therms(api: Api, post: Callable[..., int]) -> None:
    def in_ccf(records: Records) -> None:
        for record in records:
            record["value"] = None if record["value"] is None else record["value"] / 1.036

    name = "il-gas-hdd-only-billing_monthly"
    by_volume = run(api, post(in_ccf, name, unit="CCF", heat_content=1.036))
    quality = api.get(f"meter_results/{by_volume['meter_result']}/")["models"]["baseline"]["data_quality"]
    assert (quality["unit"], quality["posted_unit"]) == ("THERM", "CCF")
    found = api.derivatives(by_volume)["gross_observed"]
    therms = api.derivatives(api.succeeded(run(api, post(name=name))["id"]))["gross_observed"]
    assert (found["unit"], found["baseline_value"]) == ("THERM", pytest.approx(therms["baseline_value"]))


def test_two_values_for_one_instant_are_reported_by_the_run(api: Api, post: Callable[..., int]) -> None:
    def twice(records: Records) -> None:
        records.insert(5, {**records[5], "value": 10 * records[5]["value"]})

    assert "duplicates): 1, 2016-04-21" in warnings(api, run(api, post(twice)))["duplicate_readings"]


def test_a_spike_is_reported_and_can_be_left_out(api: Api, post: Callable[..., int]) -> None:
    def spike(records: Records) -> None:
        records[5]["value"] *= 200

    trace = post(spike)
    assert "2016-04-21" in warnings(api, run(api, trace))["outliers"]
    without = run(api, trace, formatter_kwargs={"outliers": "exclude"})
    assert "2016-04-21" in warnings(api, without)["outliers_excluded"]


def test_zeros_are_readings_if_the_trace_says_so(api: Api, post: Callable[..., int]) -> None:
    def cooling(records: Records) -> None:
        for record in records:
            record["value"] = record["value"] and record["value"] * (record["start"][5:7] in ("05", "06", "07", "08"))

    trace = post(cooling)
    failed = run(api, trace)
    assert (failed["status"], failed["failure_reason"]) == ("FAILED", "sufficiency")
    assert failed["data_quality"]["baseline"]["zero"] > 0
    api.call("PATCH", f"traces/{trace}/", json={"zero_is_reading": True})
    assert run(api, trace)["status"] == "SUCCESS"


def test_the_example_with_a_utilitys_bills_runs_unchanged(stack: Running, weather: None) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "post_bills.py", EXAMPLES / "bills.csv"],
        env={**os.environ, "URL": stack.url, "TOKEN": stack.token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "annualized_weather_normal" in done.stdout
    assert "THERM saved" in done.stdout
