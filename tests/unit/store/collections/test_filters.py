"""Filter specifications: each comparison, including those where there is nothing to compare."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.collections.filters import matches
from chalicelib.store.tables.collections import Project, Trace

NAME = "project_metadata|value"
TRACE = Trace(id=1, trace_id="METER-17-E", projects=[1])

numbers = st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5])
texts = st.text("ab1", max_size=2)
single = st.none() | st.booleans() | numbers | texts
filters = st.builds(
    lambda target, comparison, value: (target, comparison, value),
    st.sampled_from(["project_id", "trace_id", NAME]),
    st.sampled_from([">", ">=", "<", "<=", "==", "!="]),
    single | st.sampled_from(["BUILDING-17", "METER-17-E"]),
).map(lambda parts: {"filter": dict(zip(("target", "comparison", "value"), parts, strict=True))})
nodes = st.recursive(
    filters,
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(lambda parts: combined(*parts)),
    max_leaves=8,
)
projects = st.none() | st.builds(lambda: project()) | single.map(lambda value: project(value=value))


def project(**metadata: Any) -> Project:
    return Project(id=1, project_id="BUILDING-17", metadata=metadata)


def combined(boolean: str, one: Any, other: Any) -> dict[str, Any]:
    return {"filter_boolean": {"boolean": boolean, "filter_a": one, "filter_b": other}}


def holds(value: Any, comparison: str, wanted: Any) -> bool:
    """Whether a comparison is true for a metadata value; `...` means that the field is absent."""
    owner = project() if value is ... else project(value=value)
    return matches({"filter": {"target": NAME, "comparison": comparison, "value": wanted}}, TRACE, owner)


@pytest.mark.parametrize(
    ("value", "comparison", "wanted", "expected"),
    [
        (1, "==", 1.0, True),
        (1, "==", True, False),
        (False, "==", 0, False),
        (True, "==", True, True),
        (1, "==", "1", False),
        (None, "==", None, True),
        (..., "==", None, False),
        (..., "!=", None, True),
        (10**30, "==", 10**30, True),
        (2**53 + 1, "==", float(2**53), False),
        (3, ">", 2, True),
        (2, ">", 2, False),
        (2, ">=", 2.0, True),
        (1.5, "<", 2, True),
        (2, "<=", 2, True),
        (3, "<=", 2, False),
        ("10", "<", "9", True),
        ("b", ">", "B", True),
        ("10", "<", 9, False),
        (10, ">", "9", False),
        (True, ">=", 0, False),
        (1, ">", False, False),
        (True, ">=", True, False),
        (None, ">=", None, False),
        (..., "<", 9, False),
        ("a", "in", ["b", "a"], True),
        ("a", "in", [], False),
        (1, "in", [True, "1"], False),
        (None, "in", [None], True),
        (..., "in", [None], False),
        ("a", "not in", [], True),
        ("a", "not in", ["a"], False),
        (..., "not in", ["a"], True),
    ],
)
def test_comparisons_of_a_metadata_field(value: Any, comparison: str, wanted: Any, expected: bool) -> None:
    assert holds(value, comparison, wanted) is expected


@pytest.mark.parametrize("target", ["project_id", NAME])
@pytest.mark.parametrize(
    ("comparison", "wanted", "expected"),
    [(one, "", False) for one in (">", ">=", "<", "<=", "==")]
    + [("in", [""], False), ("!=", "", True), ("not in", [""], True)],
)
def test_without_a_project_only_negations_are_true(target: str, comparison: str, wanted: Any, expected: bool) -> None:
    assert matches({"filter": {"target": target, "comparison": comparison, "value": wanted}}, TRACE, None) is expected


@pytest.mark.parametrize(
    ("target", "value"),
    [("trace_id", "METER-17-E"), ("project_id", "BUILDING-17"), ("project_metadata|a|b", 7), ("project_metadata| ", 8)],
)
def test_each_target_selects_one_value(target: str, value: Any) -> None:
    owner = project(**{"a|b": 7, " ": 8})
    assert matches({"filter": {"target": target, "comparison": "==", "value": value}}, TRACE, owner)
    assert not matches({"filter": {"target": target, "comparison": "==", "value": "other"}}, TRACE, owner)


@given(single | st.just(...), single, st.lists(single, max_size=3))
def test_negations_are_the_opposite_of_what_they_negate(value: Any, wanted: Any, several: list[Any]) -> None:
    assert holds(value, "!=", wanted) is not holds(value, "==", wanted)
    assert holds(value, "not in", several) is not holds(value, "in", several)


@given(single | st.just(...), st.lists(single, max_size=3))
def test_in_means_equal_to_any(value: Any, several: list[Any]) -> None:
    assert holds(value, "in", several) is any(holds(value, "==", one) for one in several)


@given(st.tuples(numbers, numbers) | st.tuples(texts, texts))
def test_values_of_the_same_type_are_totally_ordered(pair: tuple[Any, Any]) -> None:
    value, wanted = pair
    ways = [holds(value, comparison, wanted) for comparison in ("<", "==", ">")]
    assert sum(ways) == 1
    assert holds(value, "<=", wanted) is (ways[0] or ways[1])
    assert holds(value, ">=", wanted) is (ways[1] or ways[2])


@given(nodes, nodes, projects)
def test_and_and_or_combine_as_in_python(one: Any, other: Any, owner: Project | None) -> None:
    ones, others = matches(one, TRACE, owner), matches(other, TRACE, owner)
    assert matches(combined("and", one, other), TRACE, owner) is (ones and others)
    assert matches(combined("or", one, other), TRACE, owner) is (ones or others)
