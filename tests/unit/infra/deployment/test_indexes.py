"""The steps in which indexes change: one per table and step, and none that running code queries is missing."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.deployment.indexes import IndexChangeError, Plan, indexes_of, plan

KEYS = {"id": "N", "project": "N", "status": "S", "trace": "N"}
TABLES = ("Runs", "Results", "Projects")

on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.dictionaries(st.sampled_from("abcdefg"), st.sampled_from([("project",), ("status", "id"), ("trace", "id")]))


def table(indexes: Mapping[str, tuple[str, ...]], **properties: Any) -> dict[str, Any]:
    schemas = {name: [{"AttributeName": key, "KeyType": "HASH"} for key in keys] for name, keys in indexes.items()}
    used = {"id"} | {key for keys in indexes.values() for key in keys}
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": KEYS[key]} for key in sorted(used)],
            "GlobalSecondaryIndexes": [{"IndexName": n, "KeySchema": s} for n, s in schemas.items()],
            **properties,
        },
    }


def template(tables: Mapping[str, Any], version: int) -> dict[str, Any]:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": f"s3://artifacts/{version}"}}
    return {"Resources": {**tables, "Worker": function}}


def sequence(deployed: Any, planned: Plan) -> list[Any]:
    return [deployed, *planned.before, planned.update, *planned.after]


def index_names(at: Mapping[str, Any], name: str) -> set[str]:
    return {index["IndexName"] for index in indexes_of(at["Resources"][name])} if name in at["Resources"] else set()


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A deployed template and a new one: indexes keep their definition, tables may come and go."""
    all_indexes = {name: draw(names) for name in TABLES}

    def some(version: int) -> dict[str, Any]:
        tables = draw(st.sets(st.sampled_from(TABLES)))
        kept = {
            name: {index: keys for index, keys in all_indexes[name].items() if draw(st.booleans())} for name in tables
        }
        return template({name: table(indexes) for name, indexes in kept.items()}, version)

    return some(1), some(2)


@on_a_busy_machine
@given(changes())
def test_each_step_changes_at_most_one_index_of_a_table_and_the_last_is_the_new_template(
    templates: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    deployed, new = templates
    steps = sequence(deployed, plan(deployed, new))
    assert steps[-1] == new
    for earlier, later in pairwise(steps):
        for name in earlier["Resources"].keys() & later["Resources"].keys() & set(TABLES):
            assert len(index_names(earlier, name) ^ index_names(later, name)) <= 1


@on_a_busy_machine
@given(changes())
def test_no_index_that_the_running_code_queries_is_missing(templates: tuple[dict[str, Any], dict[str, Any]]) -> None:
    deployed, new = templates
    planned = plan(deployed, new)
    for one in planned.before:
        assert one["Resources"]["Worker"] == deployed["Resources"]["Worker"]
        assert all(index_names(deployed, name) <= index_names(one, name) for name in TABLES)
    for one in (planned.update, *planned.after):
        assert one["Resources"]["Worker"] == new["Resources"]["Worker"]
        assert all(index_names(new, name) <= index_names(one, name) for name in TABLES)


@on_a_busy_machine
@given(changes())
def test_each_step_defines_exactly_the_attributes_in_use(templates: tuple[dict[str, Any], dict[str, Any]]) -> None:
    deployed, new = templates
    for step in sequence(deployed, plan(deployed, new)):
        for name in step["Resources"].keys() & set(TABLES):
            properties = step["Resources"][name]["Properties"]
            keyed = [properties, *indexes_of(step["Resources"][name])]
            used = {key["AttributeName"] for one in keyed for key in one["KeySchema"]}
            defined = [(one["AttributeName"], one["AttributeType"]) for one in properties["AttributeDefinitions"]]
            assert sorted(defined) == sorted((key, KEYS[key]) for key in used)


@on_a_busy_machine
@given(changes(), st.data())
def test_an_interrupted_plan_continues_from_any_of_its_steps(
    templates: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    deployed, new = templates
    planned = plan(deployed, new)
    steps = sequence(deployed, planned)
    reached = data.draw(st.integers(0, len(steps) - 1))
    again = plan(steps[reached], new)
    assert sequence(steps[reached], again)[-1] == new
    assert len(again.before) == max(0, len(planned.before) - reached)


def test_without_a_change_of_indexes_there_is_one_update() -> None:
    deployed, new = (template({"Runs": table({"a": ("project",)})}, version) for version in (1, 2))
    assert plan(deployed, new) == Plan([], new, [])


def test_a_table_that_is_new_or_replaced_has_its_indexes_at_once() -> None:
    other = [{"AttributeName": "trace", "KeyType": "HASH"}]
    deployed = template({"Runs": table({})}, 1)
    new = template({"Runs": table({"a": ("trace",), "b": ("trace",)}, KeySchema=other), "Results": table({})}, 2)
    assert plan(deployed, new) == Plan([], new, [])


def test_an_index_that_changes_under_its_name_is_refused() -> None:
    deployed, new = (template({"Runs": table({"a": keys})}, 1) for keys in (("project",), ("trace",)))
    with pytest.raises(IndexChangeError, match=r"Runs: the index a has changed.* give the new one another name"):
        plan(deployed, new)


def test_an_attribute_that_changes_its_type_is_refused() -> None:
    deployed, new = (template({"Runs": table({"a": ("project",)})}, 1) for _ in range(2))
    new["Resources"]["Runs"]["Properties"]["AttributeDefinitions"] = [
        {"AttributeName": "id", "AttributeType": "N"},
        {"AttributeName": "project", "AttributeType": "S"},
    ]
    with pytest.raises(IndexChangeError, match="the type of project has changed from N to S"):
        plan(deployed, new)
