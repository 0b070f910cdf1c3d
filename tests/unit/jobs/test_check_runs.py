"""The findings of the check function for the sample meters."""

from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.api.shared.data_quality import DataQuality, Outlier, Outliers
from chalicelib.jobs import check_runs
from chalicelib.metering import NoHourlyModels, lean
from chalicelib.metering import check as metering_check
from chalicelib.store.collections import projects, traces
from chalicelib.store.runs import meter_runs
from chalicelib.store.series import series
from chalicelib.store.shared import documents
from infra.local import portfolio

GOOD, HOURS = "il-gas-hdd-only-billing_monthly", "il-gas-hdd-only-hourly"
NO_ARGUMENTS: dict[str, Any] = dict.fromkeys(meter_runs.ARGUMENTS)


@pytest.fixture(autouse=True)
def deployment(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The settings of a deployment; any write to its store fails."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a check wrote to the store")

    settings = SimpleNamespace(
        model_module="", accelerate=True, hourly_queue_url="", weather_source="none", normal_source="none"
    )
    for module in ("check_runs", "computing", "inputs.fetching", "inputs.weather"):
        monkeypatch.setattr(f"chalicelib.jobs.{module}.settings", lambda: settings)
    monkeypatch.setattr(documents, "put", refuse)
    monkeypatch.setattr(series, "append", refuse)
    return settings


def context(*remaining: int) -> Any:
    """A Lambda context; `remaining` are the milliseconds that successive calls return."""
    left = iter(remaining or [25_000] * 100)
    return SimpleNamespace(get_remaining_time_in_millis=lambda: next(left))


def checked(document: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    event = {"runs": [{"document": document}], "arguments": {**NO_ARGUMENTS, **arguments}, "seconds": 25}
    (found,) = check_runs.handle(event, context())
    return found


def test_a_run_may_have_arguments_of_its_own() -> None:
    sample = portfolio.meter_input(GOOD)
    runs = [{"document": sample}, {"document": sample, "model_class": "NoModel"}]
    found = check_runs.handle({"runs": runs, "arguments": NO_ARGUMENTS, "seconds": 25}, context())
    assert [one["failure"] and one["failure"]["reason"] for one in found] == [None, "model"]


def registered(document: dict[str, Any]) -> dict[str, Any]:
    """The sample as register readings instead of consumption."""
    total, records = 0.0, []
    for record in document["trace"]["records"]:
        total += record["value"] or 0.0
        records.append({**record, "value": total})
    return {**document, "trace": {**document["trace"], "records": records}}


@pytest.mark.slow
@pytest.mark.parametrize("name", [GOOD, "il-electricity-cdd-hdd-daily", HOURS])
def test_findings_are_the_same_with_and_without_acceleration(deployment: SimpleNamespace, name: str) -> None:
    fast = checked(portfolio.meter_input(name))
    deployment.accelerate = False
    assert checked(portfolio.meter_input(name)) == fast


def test_a_good_trace_has_no_failure() -> None:
    found = checked(portfolio.meter_input(GOOD))
    assert found["failure"] is None
    for period in ("baseline", "reporting"):
        quality = found["data_quality"][period]
        assert quality["frequency"] == "billing_monthly"
        assert quality["temperatures_missing"] == 0


@pytest.mark.parametrize("name", [GOOD, "il-electricity-cdd-hdd-daily"])
def test_the_api_describes_exactly_the_keys_of_the_report(name: str) -> None:
    document = portfolio.meter_input(name)
    document["trace"]["records"][100 if "daily" in name else 5]["value"] = 1e5
    found = checked(document)["data_quality"]
    assert found["baseline"].keys() == DataQuality.__annotations__.keys()
    assert found["baseline"]["outliers"].keys() == Outliers.__annotations__.keys()
    assert [one.keys() for one in found["baseline"]["outliers"]["readings"]] == [Outlier.__annotations__.keys()]


def test_a_trace_of_register_readings_fails_with_a_report() -> None:
    found = checked(registered(portfolio.meter_input(GOOD)))
    assert found["failure"]["reason"] == "data"
    assert "register" in found["failure"]["message"]
    assert found["data_quality"]["baseline"]["readings"] == 12


def test_the_arguments_of_the_request_are_used() -> None:
    found = checked(portfolio.meter_input(GOOD), model_class="MyModel")
    assert found["failure"]["reason"] == "model"
    assert "MyModel" in found["failure"]["message"]


def test_a_stored_input_is_read_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {"meter_inputs/1.json": portfolio.meter_input(GOOD)}
    monkeypatch.setattr(documents, "get", stored.__getitem__)
    event = {"runs": [{"meter_input": "meter_inputs/1.json"}], "arguments": NO_ARGUMENTS, "seconds": 25}
    (found,) = check_runs.handle(event, context())
    assert found == checked(portfolio.meter_input(GOOD))


def test_a_deleted_trace_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "get", {}.get)
    monkeypatch.setattr(projects, "get", {}.get)
    event = {"runs": [{"project": 1, "trace": 2}], "arguments": NO_ARGUMENTS, "seconds": 25}
    (found,) = check_runs.handle(event, context())
    assert found == {
        "data_quality": None,
        "warnings": [],
        "disqualification": [],
        "failure": {
            "reason": "data",
            "message": "Trace 2 was deleted before the run started. Create it again, then schedule a new run.",
        },
    }


class TestWeatherMissingFromTheStore:
    @pytest.fixture(autouse=True)
    def empty_store(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(series, "read", lambda *_, **__: series.Column())
        monkeypatch.setattr("chalicelib.store.series.fetches.is_current", lambda *_: False)

    @pytest.fixture
    def document(self) -> dict[str, Any]:
        document = portfolio.meter_input(GOOD)
        return {**document, **{name: {"station": portfolio.STATION} for name in ("weather", "weather_normal")}}

    def test_is_a_failure_if_it_cannot_be_fetched(self, document: dict[str, Any]) -> None:
        found = checked(document)
        assert found["failure"]["reason"] == "weather"
        assert portfolio.STATION in found["failure"]["message"]

    def test_is_a_warning_if_the_run_fetches_it(self, deployment: SimpleNamespace, document: dict[str, Any]) -> None:
        deployment.weather_source, deployment.normal_source = "ghcnh", "tmy3"
        found = checked(document)
        assert found["failure"] is None
        first, second = found["warnings"]
        assert first["name"] == second["name"] == "datastore.weather_not_fetched"
        assert first["data"] == {"station": portfolio.STATION, "source": "ghcnh", "years": [2015, 2016, 2017, 2018]}
        assert "ghcnh" in first["detail"]
        assert "normal year" in second["detail"]
        quality = found["data_quality"]["baseline"]
        assert (quality["readings"], quality["temperature_hours"]) == (12, None)

    def test_does_not_hide_another_failure(self, deployment: SimpleNamespace, document: dict[str, Any]) -> None:
        deployment.weather_source, deployment.normal_source = "ghcnh", "tmy3"
        found = checked(registered(document))
        assert found["failure"]["reason"] == "data"
        assert len(found["warnings"]) == 2


class TestHourlyModels:
    @pytest.fixture(autouse=True)
    def lean_tree(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse() -> None:
            raise NoHourlyModels("no hourly models here")

        monkeypatch.setattr(lean, "hourly", refuse)
        monkeypatch.setattr("chalicelib.metering.models.registry.hourly", refuse)

    def test_are_not_checked_if_another_worker_has_them(self, deployment: SimpleNamespace) -> None:
        deployment.hourly_queue_url = "https://sqs/hourly"
        found = checked(portfolio.meter_input(HOURS), model_class="HourlyModel")
        assert found["failure"] is None
        assert [warning["name"] for warning in found["warnings"]] == ["datastore.hourly_not_checked"]

    def test_are_a_failure_if_no_worker_has_them(self) -> None:
        found = checked(portfolio.meter_input(HOURS), model_class="HourlyModel")
        assert found["failure"] == {"reason": "model", "message": "no hourly models here"}

    def test_do_not_hide_another_failure(self, deployment: SimpleNamespace) -> None:
        deployment.hourly_queue_url = "https://sqs/hourly"
        assert checked(portfolio.meter_input(HOURS), model_class="MyModel")["failure"]["reason"] == "model"


def test_no_check_is_started_when_time_is_up() -> None:
    runs = [{"document": portfolio.meter_input(GOOD)}] * 3
    event = {"runs": runs, "arguments": NO_ARGUMENTS, "seconds": 25}
    assert len(check_runs.handle(event, context(25_000, 6_000, 5_999))) == 2


def test_an_error_of_the_computation_fails_only_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(metering_check, "prepare", refuse)
    found = checked(portfolio.meter_input(GOOD))
    assert found["failure"]["reason"] == "model"
    assert "ZeroDivisionError: by zero" in found["failure"]["message"]
