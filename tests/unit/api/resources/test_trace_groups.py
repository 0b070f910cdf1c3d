"""trace_groups/, and trace groups as targets of meter runs."""

import json
from typing import Any

import pytest

from chalicelib.api.resources.trace_groups import EXAMPLE_IN, EXAMPLE_OUT
from chalicelib.api.shared.filters import MAX_NESTED
from chalicelib.store.collections import trace_groups
from tests.unit.api.conftest import Api, Memory

FILTER = {"target": "project_metadata|program", "comparison": "==", "value": "retrofit"}
ALL = {"target": "trace_id", "comparison": "!=", "value": ""}
TWO: dict[str, Any] = {"boolean": "or", "filter_a": FILTER, "filter_b": ALL}
POINTER = "/filter_specification"


def wrapped(node: dict[str, Any]) -> dict[str, Any]:
    """A specification as shown in responses."""
    if "boolean" in node:
        return {"filter_boolean": {**node, **{side: wrapped(node[side]) for side in ("filter_a", "filter_b")}}}
    return {"filter": node} if "target" in node else node


def nested(levels: int) -> dict[str, Any]:
    """A specification with this many levels of filter_boolean."""
    node: dict[str, Any] = {"filter": FILTER}
    for _ in range(levels):
        node = {"filter_boolean": {"boolean": "and", "filter_a": {"filter": ALL}, "filter_b": node}}
    return node


def post(call: Api, specification: Any) -> Any:
    return call("POST", "trace_groups/", {"name": "some", "filter_specification": specification})


def test_a_group_comes_back_as_it_was_posted(call: Api) -> None:
    created = call("POST", "trace_groups/", EXAMPLE_IN)
    assert created.status == 201
    assert created.headers["Location"] == "/api/v1/trace_groups/1/"
    times = {name: created.json[name] for name in ("added", "updated")}
    assert json.dumps(created.json) == json.dumps(EXAMPLE_OUT | times)
    assert call("GET", "trace_groups/1/").json == created.json
    assert call("GET", "trace_groups/?name=Large%20retrofits").json == [created.json]
    assert call("GET", "trace_groups/?name=large%20retrofits").json == []


@pytest.mark.parametrize("node", [FILTER, TWO, {**TWO, "filter_a": TWO}, {**TWO, "filter_b": {"filter": ALL}}])
def test_the_wrapping_may_be_left_out_and_is_shown(call: Api, node: dict[str, Any]) -> None:
    shown = post(call, node)
    assert shown.status == 201
    assert shown.json["filter_specification"] == wrapped(node)
    again = post(call, shown.json["filter_specification"])
    assert again.json["filter_specification"] == shown.json["filter_specification"]


@pytest.mark.parametrize("value", ["a", "", 1, 1.5, True, None, 10**30])
def test_a_value_comes_back_unchanged_to_the_last_bit(call: Api, value: Any) -> None:
    for comparison, given in (("==", value), ("in", [value]), ("not in", [])):
        shown = post(call, {**FILTER, "comparison": comparison, "value": given}).json
        assert json.dumps(shown["filter_specification"]["filter"]["value"]) == json.dumps(given)


@pytest.mark.parametrize(
    ("node", "pointer", "message"),
    [
        (None, "", "either a filter or a filter_boolean"),
        ("text", "", "either a filter or a filter_boolean"),
        ([FILTER], "", "either a filter or a filter_boolean"),
        ({}, "", "either a filter or a filter_boolean"),
        ({"colour": "red"}, "", "either a filter or a filter_boolean"),
        ({"filter": FILTER, "filter_boolean": TWO}, "", "either a filter or a filter_boolean"),
        ({**FILTER, **TWO}, "", "either a filter or a filter_boolean"),
        ({"filter": FILTER, "colour": "red"}, "/colour", "no field 'colour' here"),
        ({"filter": {**FILTER, "a/b": 1}}, "/filter/a~1b", "no field 'a/b' here"),
        ({"filter": None}, "/filter", "JSON object"),
        ({"filter": {"value": 1}}, "/filter/target", "required"),
        ({"value": 1, "comparison": "=="}, "/target", "required"),
        ({"filter": {**FILTER, "target": "project_metadata|"}}, "/filter/target", "such as project_metadata|program"),
        ({**FILTER, "target": "metadata|program"}, "/target", "The target should be project_id, trace_id, or"),
        ({**FILTER, "target": "trace_id|x"}, "/target", "The target should be project_id, trace_id, or"),
        ({**FILTER, "target": 7}, "/target", "string"),
        ({"filter": {**FILTER, "comparison": "="}}, "/filter/comparison", "'!=', 'in' or 'not in'"),
        ({**FILTER, "comparison": "IN"}, "/comparison", "'!=', 'in' or 'not in'"),
        ({"filter": {**FILTER, "value": ["a"]}}, "/filter/value", "'==' needs a string, a number"),
        ({**FILTER, "value": {}}, "/value", "'==' needs a string, a number"),
        ({**FILTER, "comparison": ">", "value": None}, "/value", "'>' needs a number or a string"),
        ({**FILTER, "comparison": "<=", "value": True}, "/value", "'<=' needs a number or a string"),
        ({**FILTER, "comparison": "in"}, "/value", "'in' needs a list"),
        ({**FILTER, "comparison": "not in", "value": [["a"]]}, "/value", "'not in' needs a list of strings"),
        ({**FILTER, "value": "x" * 20_000}, "", "at most 20,000"),
        ({**FILTER, "value": float("nan")}, "", "not allow NaN"),
        ({"filter_boolean": {**TWO, "boolean": "AND"}}, "/filter_boolean/boolean", "'and' or 'or'"),
        ({"filter_boolean": {"boolean": "and", "filter_a": FILTER}}, "/filter_boolean/filter_b", "required"),
        ({**TWO, "filter_b": {}}, "/filter_b", "either a filter or a filter_boolean"),
        (
            {"filter_boolean": {**TWO, "filter_a": {"filter": {**FILTER, "comparison": "<>"}}}},
            "/filter_boolean/filter_a/filter/comparison",
            "'!=', 'in' or 'not in'",
        ),
        (
            {"filter_boolean": {**TWO, "filter_b": {**TWO, "filter_a": 7}}},
            "/filter_boolean/filter_b/filter_a",
            "either",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_invalid_part_of_a_specification_is_reported(
    call: Api, memory: Memory, node: Any, pointer: str, message: str
) -> None:
    call("POST", "trace_groups/", EXAMPLE_IN)
    before = call("GET", "trace_groups/").json
    for response in (post(call, node), call("PATCH", "trace_groups/1/", {"filter_specification": node})):
        assert response.status == 400
        assert response.pointers[0] == POINTER + pointer
        assert message in response.json["errors"][0]["detail"]
    assert call("GET", "trace_groups/").json == before


def test_filters_are_nested_at_most_20_deep(call: Api) -> None:
    assert post(call, nested(MAX_NESTED)).status == 201
    for levels in (MAX_NESTED + 1, 60):
        response = post(call, nested(levels))
        assert (response.status, response.pointers) == (400, [POINTER])
        assert (
            response.json["detail"]
            == f"The filters are nested {levels} levels deep, and at most 20 levels are allowed."
        )


@pytest.mark.parametrize("levels", [100, 500, 5000])
@pytest.mark.parametrize("before", ['{"filter_boolean":{"boolean":"and","filter_b":', '{"boolean":"and","filter_b":'])
def test_extremely_deep_nesting_is_refused_cleanly(call: Api, levels: int, before: str) -> None:
    raw = f'{{"name":"deep","filter_specification":{before * levels}7'.encode() + b"}" * (
        before.count("{") * levels + 1
    )
    response = call("POST", "trace_groups/", raw)
    assert response.status == 400
    assert "nested" in response.json["detail"]
    assert "not JSON" not in response.json["detail"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/name", POINTER]),
        ({"name": "", "filter_specification": FILTER}, ["/name"]),
        ({"name": None, "filter_specification": FILTER}, ["/name"]),
        ({"name": "x" * 256, "filter_specification": FILTER}, ["/name"]),
        ({"name": "x", "filter_specification": FILTER, "id": 7}, ["/id"]),
    ],
    ids=str,
)
def test_an_invalid_group_is_refused(call: Api, memory: Memory, body: Any, pointers: list[str]) -> None:
    assert call("POST", "trace_groups/", body).pointers == pointers
    assert not memory.trace_groups.rows


def test_a_misspelled_field_of_a_group_gets_a_hint(call: Api) -> None:
    response = call("POST", "trace_groups/", {"nam": "x", "filter_specification": FILTER})
    assert "did you mean 'name'?" in str(response.json["errors"])


def test_a_patch_changes_only_the_given_fields(call: Api) -> None:
    call("POST", "trace_groups/", EXAMPLE_IN)
    renamed = call("PATCH", "trace_groups/1/", {"name": "new"}).json
    assert (renamed["name"], renamed["filter_specification"]) == ("new", EXAMPLE_IN["filter_specification"])
    changed = call("PATCH", "trace_groups/1/", {"filter_specification": FILTER}).json
    assert (changed["name"], changed["filter_specification"]) == ("new", {"filter": FILTER})
    assert call("GET", "trace_groups/1/").json == changed


def test_a_deleted_group_is_gone(call: Api) -> None:
    call("POST", "trace_groups/", EXAMPLE_IN)
    assert call("DELETE", "trace_groups/1/").status == 204
    for method, body in (("GET", None), ("PATCH", {"name": "new"}), ("DELETE", None)):
        response = call(method, "trace_groups/1/", body)
        assert response.status == 404
        assert response.json["detail"] == "There is no trace group 1."


class TestTargets:
    @pytest.fixture
    def groups(self, portfolio: Api) -> Api:
        """The portfolio with group 1 (the traces of project 1), group 2 (three trace ids) and group 3 (empty)."""
        portfolio("PATCH", "projects/1/", {"metadata": {"program": "retrofit"}})
        portfolio("PATCH", "traces/4/", {"projects": [1, 2]})
        for node in (
            FILTER,
            {"target": "trace_id", "comparison": "in", "value": ["trace 1", "trace 4", "trace 2"]},
            {**FILTER, "value": "hvac"},
        ):
            assert post(portfolio, node).status == 201
        return portfolio

    def test_a_group_is_run_pair_by_pair(self, groups: Api) -> None:
        targets = [{"group": 2}, {"trace": 2}, {"group": 3}, {"group": 1}, {"group": 2}]
        response = groups("POST", "meter_runs/bulk/", {"targets": targets})
        assert response.status == 201
        of_second = [(1, 2), (1, 4), (2, 4)]  # trace 1 matches but belongs to no project
        assert [[(run["project"], run["trace"]) for run in group] for group in response.json] == [
            of_second,
            [(1, 2)],
            [],
            [(1, 2), (1, 3), (1, 4)],
            of_second,
        ]

    def test_a_trace_without_a_project_is_a_member(self, groups: Api, memory: Memory) -> None:
        assert list(trace_groups.members(memory.trace_groups.rows[2])) == [(None, 1), (1, 2), (1, 4), (2, 4)]
        del memory.projects.rows[2]  # a project that does not exist is ignored
        assert list(trace_groups.members(memory.trace_groups.rows[2])) == [(None, 1), (1, 2), (1, 4)]

    def test_a_member_is_found_in_any_block(self, groups: Api, memory: Memory) -> None:
        items = [
            {"trace_id": f"more {n}", "interpretation": "E_C_S", "unit": "kWh", "projects": [1]} for n in range(250)
        ]
        groups("POST", "traces/sync/", items)
        groups("DELETE", "traces/130/")
        members = list(trace_groups.members(memory.trace_groups.rows[1]))
        assert members == [(1, id) for id in range(2, 255) if id != 130]

    @pytest.mark.parametrize(
        ("target", "pointers", "message"),
        [
            ({"group": 9}, ["/targets/1/group"], "There is no trace group 9."),
            ({"group": 1, "trace": 2}, ["/targets/1/trace"], "both a group and a trace"),
            ({"group": 1, "project": 1}, ["/targets/1/project"], "both a group and a project"),
            (
                {"group": 9, "project": 9, "trace": 9},
                [f"/targets/1/{name}" for name in ("project", "trace", "group")],
                "",
            ),
            ({"group": "Retrofits"}, ["/targets/1/group"], "GET trace_groups/?name=Retrofits returns it."),
            ({"group": 0}, ["/targets/1/group"], "greater than or equal to 1"),
            ({}, ["/targets/1"], "a group, all or failed_of_batch"),
        ],
    )
    def test_an_invalid_target_is_refused(
        self, groups: Api, memory: Memory, target: Any, pointers: list[str], message: str
    ) -> None:
        response = groups("POST", "meter_runs/bulk/", {"targets": [{"project": 1}, target]})
        assert response.status == 400
        assert response.pointers == pointers
        assert message in response.json["errors"][0]["detail"]
        assert not memory.runs.rows

    def test_a_group_without_a_trace_to_run_is_refused_if_it_is_the_only_target(self, groups: Api) -> None:
        response = groups("POST", "meter_runs/bulk/", {"targets": [{"group": 3}]})
        assert (response.status, response.pointers) == (400, ["/targets"])

    def test_a_single_run_does_not_accept_a_group(self, groups: Api) -> None:
        assert groups("POST", "meter_runs/", {"group": 1}).pointers == ["/group"]
