"""Match traces, each together with one of its projects, against filter specifications.

As in JSON, 1 and true are different values. If there is no value to compare, only `!=` and `not in` are true.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.store.tables.collections import Project, Trace

METADATA = "project_metadata|"

Comparison = Callable[[Any, Any], bool]


def matches(specification: Mapping[str, Any], trace: Trace, project: Project | None) -> bool:
    """Whether a trace and its project match; `project` is None if the trace belongs to none."""
    if "filter" in specification:
        return _holds(specification["filter"], trace, project)
    node = specification["filter_boolean"]
    combined = all if node["boolean"] == "and" else any
    return combined(matches(node[side], trace, project) for side in ("filter_a", "filter_b"))


def _holds(filter: Mapping[str, Any], trace: Trace, project: Project | None) -> bool:
    comparison, wanted = filter["comparison"], filter["value"]
    values = _values(filter["target"], trace, project)
    if comparison in NEGATIONS:
        return not any(NEGATIONS[comparison](value, wanted) for value in values)
    return any(COMPARISONS[comparison](value, wanted) for value in values)


def _values(target: str, trace: Trace, project: Project | None) -> list[Any]:
    """The value of a target, as a list of one; an empty list if the target is absent."""
    if target == "trace_id":
        return [trace.trace_id]
    if project is None:
        return []
    if target == "project_id":
        return [project.project_id]
    name = target.removeprefix(METADATA)
    return [project.metadata[name]] if name in project.metadata else []


def _same(value: Any, wanted: Any) -> bool:
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _among(value: Any, wanted: list[Any]) -> bool:
    return any(_same(value, one) for one in wanted)


def _ordered(compare: Comparison) -> Comparison:
    """Restrict a comparison to two numbers or two strings; it is false for anything else."""

    def holds(value: Any, wanted: Any) -> bool:
        both = (_number(value) and _number(wanted)) or (isinstance(value, str) and isinstance(wanted, str))
        return both and compare(value, wanted)

    return holds


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


COMPARISONS: Mapping[str, Comparison] = {
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    "==": _same,
    "in": _among,
}
NEGATIONS: Mapping[str, Comparison] = {"!=": _same, "not in": _among}
