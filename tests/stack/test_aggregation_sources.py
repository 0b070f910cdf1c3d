"""Which derivatives an aggregation run selects."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from chalicelib.api.resources.meter_results import EXAMPLE
from chalicelib.store.runs import claims, meter_runs, outcomes, queue
from chalicelib.vocabulary import SPREAD_NUMBERS
from tests.stack.aggregations import NORMAL, NUMBERS, Metered, aggregate, meter
from tests.stack.client import Api

pytestmark = pytest.mark.usefixtures("store")


def test_a_union_counts_each_derivative_once(api: Api, gas: list[Metered]) -> None:
    one, other = gas
    once = aggregate(api, traces=[one.trace, other.trace], derivative_interpretation=NORMAL)
    ids_of = [derivative["id"] for derivative in one.derivatives.values()]
    again = aggregate(
        api,
        projects=[other.project, one.project, one.project],
        traces=[one.trace, other.trace],
        derivatives=ids_of,
        derivative_interpretation=NORMAL,
    )
    same = set(once) - {"id", "aggregation_run", "aggregation_output", "added", "updated"}
    assert {name: again[name] for name in same} == {name: once[name] for name in same}


def test_the_newest_successful_run_of_a_trace_is_used(api: Api, make_trace: Callable[..., int]) -> None:
    trace = make_trace()
    first = meter(api, trace)
    newer = meter(api, trace, formatter_kwargs={"ignore_sufficiency": True})
    assert api.ended(api.post("meter_runs/", {"trace": trace, "model_class": "None"})["id"])["status"] == "FAILED"
    assert first.derivatives[NORMAL]["id"] < newer.derivatives[NORMAL]["id"]
    for sources in ({"traces": [trace]}, {"projects": [first.project]}):
        result = aggregate(api, derivative_interpretation=NORMAL, **sources)
        assert result["derivatives"] == [newer.derivatives[NORMAL]["id"]]


def test_a_project_only_uses_the_runs_that_were_for_it(api: Api, make_trace: Callable[..., int]) -> None:
    own = meter(api, make_trace())
    other = meter(api, make_trace())
    api.call("PATCH", f"traces/{own.trace}/", json={"projects": [own.project, other.project]})
    shared = meter(api, own.trace, project=other.project)

    def sources(**request: Any) -> list[int]:
        return list(aggregate(api, derivative_interpretation=NORMAL, **request)["derivatives"])

    own_id, other_id, shared_id = (one.derivatives[NORMAL]["id"] for one in (own, other, shared))
    assert sources(projects=[own.project]) == [own_id]
    assert sources(projects=[other.project]) == [other_id, shared_id]
    assert sources(projects=[own.project, other.project]) == [own_id, other_id, shared_id]
    assert sources(traces=[own.trace]) == [shared_id]


def test_an_older_run_that_ends_late_does_not_become_the_newest(
    api: Api, make_trace: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = make_trace()
    project = api.get(f"traces/{trace}/")["projects"][0]
    with monkeypatch.context() as patch:
        patch.setattr(queue, "send", lambda ids: None)
        slow = meter_runs.schedule(meter_runs.RunSpec(project=project, trace=trace))
    claimed = claims.claim(slow.id)
    assert claimed is not None
    newer = meter(api, trace)
    text = ("model_class", "formatter_class", "eemeter_version", "datastore_version", "weather_station")
    outcome: dict[str, Any] = dict.fromkeys((*text, "weather_normal_station"), "1")
    outcome |= {"models": EXAMPLE["models"], "model_kwargs": {}, "formatter_kwargs": {}, "uncertainty": "regression"}
    outcome["reporting_window"] = "first_year"
    numbers = dict.fromkeys((*NUMBERS, *SPREAD_NUMBERS), 1)
    method = {"uncertainty": "regression", "systematic_error": None}
    outcome["derivatives"] = [{"interpretation": NORMAL, "unit": "THERM", **numbers, **method}]
    assert outcomes.succeed(claimed, outcome, "NATURAL_GAS_CONSUMPTION_SUPPLIED")
    for sources in ({"traces": [trace]}, {"projects": [project]}):
        result = aggregate(api, derivative_interpretation=NORMAL, **sources)
        assert result["derivatives"] == [newer.derivatives[NORMAL]["id"]]


def test_a_group_uses_its_traces_for_their_projects(api: Api, gas: list[Metered], electricity: Metered) -> None:
    names = [api.get(f"traces/{one.trace}/")["trace_id"] for one in (*gas, electricity)]
    group = {"name": "three meters", "filter_specification": {"target": "trace_id", "comparison": "in", "value": names}}
    id = api.post("trace_groups/", group)["id"]
    run = api.post(
        "aggregation_runs/", {"group": id, "trace_interpretation": "NG_C_S", "derivative_interpretation": NORMAL}
    )
    assert run["group"] == id
    assert api.aggregated(run["id"])["derivatives"] == [one.derivatives[NORMAL]["id"] for one in gas]
    target = {"group": id, "derivative_interpretations": [NORMAL]}
    ((first, second),) = api.post("aggregation_runs/bulk/", {"targets": [target]})
    assert (first["trace_interpretation"], second["trace_interpretation"]) == ("E_C_S", "NG_C_S")
    assert api.aggregated(first["id"])["derivatives"] == [electricity.derivatives[NORMAL]["id"]]


def test_traces_without_a_result_are_listed_in_the_input(api: Api, make_trace: Callable[..., int]) -> None:
    never_run = make_trace()
    one = meter(api, make_trace())
    request = {"traces": [one.trace, never_run], "derivative_interpretation": NORMAL}
    run = api.post("aggregation_runs/", request)
    without = requests.get(run["aggregation_input"]).json()["without_result"]
    assert without == [{"project": None, "trace": never_run}]
    assert api.aggregated(run["id"])["derivatives"] == [one.derivatives[NORMAL]["id"]]
