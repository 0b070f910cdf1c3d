"""Aggregation runs that are refused, and what the errors say."""

import uuid
from typing import Any

import pytest

from benchmarks.shared import synthetic
from chalicelib.store.shared import ids
from tests.stack.aggregations import NORMAL, OBSERVED, PREDICTED, Metered
from tests.stack.client import Api
from tests.stack.names import ABSENT

pytestmark = pytest.mark.usefixtures("store")


class TestRefusals:
    @pytest.mark.parametrize(
        ("request_", "pointers", "message"),
        [
            ({}, [""], "projects, traces, derivatives or a group"),
            ({"projects": []}, [""], "projects, traces, derivatives or a group"),
            ({"projects": [ABSENT]}, ["/projects/0"], "no project"),
            ({"traces": [ABSENT, ABSENT + 1]}, ["/traces/0", "/traces/1"], "no trace"),
            ({"derivatives": [ABSENT]}, ["/derivatives/0"], "no derivative"),
            ({"group": ABSENT}, ["/group"], "no trace group"),
            ({"derivatives": [1], "after_batch": ABSENT}, ["/after_batch"], "no batch"),
            ({"projects": ["x"]}, ["/projects/0"], "projects/?project_id=x"),
            ({"projects": 7}, ["/projects"], "list"),
            ({"projects": [1], "aggregation_interpretation": "MEDIAN"}, ["/aggregation_interpretation"], "or 'MEAN'"),
            ({"projects": [1], "derivative_interpretation": "x"}, ["/derivative_interpretation"], "gross_observed"),
            ({"projects": [1], "trace_interpretation": "x"}, ["/trace_interpretation"], "E_C_S"),
            ({"projects": [1], "trace_interpretations": ["E_C_S"]}, ["/trace_interpretations"], "did you mean"),
        ],
        ids=str,
    )  # fmt: skip
    def test_an_invalid_field_is_reported(
        self, api: Api, gas: list[Metered], request_: dict[str, Any], pointers: list[str], message: str
    ) -> None:
        before = ids.last("aggregation_runs")
        problem = api.refused("POST", "aggregation_runs/", 400, json=request_)
        assert [error["pointer"] for error in problem["errors"]] == pointers
        assert message in problem["errors"][0]["detail"]
        assert ids.last("aggregation_runs") == before

    def test_interpretations_that_do_not_agree_are_listed(
        self, api: Api, gas: list[Metered], electricity: Metered
    ) -> None:
        projects = [electricity.project, *(one.project for one in gas)]
        problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": projects})
        by_field = {error["pointer"]: error["detail"] for error in problem["errors"]}
        assert "E_C_S (3) and NG_C_S (6)" in by_field["/trace_interpretation"]
        assert f"{NORMAL} (3), {OBSERVED} (3) and {PREDICTED} (3)" in by_field["/derivative_interpretation"]

    def test_an_interpretation_is_implied_when_all_agree(self, api: Api, gas: list[Metered]) -> None:
        named = [one.derivatives[OBSERVED]["id"] for one in gas]
        run = api.post("aggregation_runs/", {"derivatives": named})
        assert (run["trace_interpretation"], run["derivative_interpretation"]) == ("NG_C_S", OBSERVED)

    def test_if_nothing_matches_the_message_lists_what_exists(self, api: Api, gas: list[Metered]) -> None:
        request = {"traces": [gas[0].trace], "trace_interpretation": "E_C_S"}
        detail = api.refused("POST", "aggregation_runs/", 400, json=request)["detail"]
        assert f"NG_C_S {PREDICTED} (1)" in detail
        project = api.post("projects/", {"project_id": uuid.uuid4().hex})["id"]
        detail = api.refused("POST", "aggregation_runs/", 400, json={"projects": [project]})["detail"]
        assert "successful meter run" in detail

    def test_mixed_units_are_refused(self, api: Api) -> None:
        one, other = synthetic.write(1, 1), synthetic.write(1, 1, unit="THERM")
        problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": one.projects + other.projects})
        assert "KWH (1) and THERM (1)" in problem["detail"]

    def test_mixed_methods_are_refused_with_both_remedies(self, api: Api, two_methods: list[int]) -> None:
        problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": two_methods})
        assert [error["pointer"] for error in problem["errors"]] == ["/mix_uncertainty"]
        for message in ("caltrack (1) and regression (2)", "one `uncertainty`", '"mix_uncertainty": true'):
            assert message in problem["detail"]
        targets = [{"projects": two_methods, "mix_uncertainty": True}, {"projects": two_methods}]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets/1/mix_uncertainty"]


def test_a_group_that_no_trace_matches_is_reported(api: Api, gas: list[Metered]) -> None:
    specification = {"target": "project_metadata|feul", "comparison": "==", "value": "gas"}
    id = api.post("trace_groups/", {"name": "mistyped", "filter_specification": specification})["id"]
    problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": [gas[0].project], "group": id})
    assert [error["pointer"] for error in problem["errors"]] == ["/group"]
    assert "No trace matches" in problem["detail"]
