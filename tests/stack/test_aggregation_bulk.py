"""Aggregation runs of many targets."""

import pytest

from tests.stack.aggregations import NORMAL, OBSERVED, PREDICTED, Metered
from tests.stack.client import Api
from tests.stack.names import ABSENT

pytestmark = pytest.mark.usefixtures("store")


class TestBulk:
    def test_every_existing_combination_gets_a_run(self, api: Api, gas: list[Metered], electricity: Metered) -> None:
        targets = [
            {"projects": [gas[0].project, electricity.project]},
            {"traces": [gas[1].trace], "derivative_interpretations": [PREDICTED, NORMAL]},
            {"projects": [gas[0].project], "trace_interpretations": ["E_C_S"]},
            {"traces": [electricity.trace], "derivatives": [gas[0].derivatives[NORMAL]["id"]],
             "trace_interpretations": ["NATURAL_GAS_CONSUMPTION_SUPPLIED"], "aggregation_interpretation": "MEAN"},
        ]  # fmt: skip
        groups = api.post("aggregation_runs/bulk/", {"targets": targets})
        shown = [[(run["trace_interpretation"], run["derivative_interpretation"]) for run in group] for group in groups]
        assert shown == [
            [(code, name) for code in ("E_C_S", "NG_C_S") for name in (NORMAL, PREDICTED, OBSERVED)],
            [("NG_C_S", NORMAL), ("NG_C_S", PREDICTED)],
            [],
            [("NG_C_S", NORMAL)],
        ]
        every = [run["id"] for group in groups for run in group]
        assert every == list(range(every[0], every[0] + 9))
        results = [api.aggregated(id) for id in every]
        assert [result["aggregation_interpretation"] for result in results] == ["SUM"] * 8 + ["MEAN"]
        assert results[0]["derivatives"] == [electricity.derivatives[NORMAL]["id"]]

    def test_an_invalid_field_is_reported(self, api: Api, gas: list[Metered]) -> None:
        targets = [{"projects": [gas[0].project]}, {}, {"traces": [gas[0].trace, ABSENT]}, {"derivatives": [ABSENT]}]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets/1", "/targets/2/traces/1"]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets[3:]})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets/0/derivatives/0"]

    def test_targets_without_any_derivative_are_refused(self, api: Api, gas: list[Metered]) -> None:
        targets = [{"projects": [gas[0].project], "trace_interpretations": ["E_C_S"]}]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets"]
        assert f"NG_C_S {NORMAL} (1)" in problem["detail"]

    def test_more_runs_than_the_limit_of_a_request_are_refused(self, api: Api, gas: list[Metered]) -> None:
        targets = [{"traces": [gas[0].trace]}] * 70
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert "more than 200 runs" in problem["detail"]
