"""meter_results/, derivatives/ and aggregation_results/: the method of the intervals, and the systematic error."""

from typing import Any

import pytest

from chalicelib.api.resources.aggregation_results import result_out as aggregation_out
from chalicelib.api.resources.derivatives import EXAMPLE as DERIVATIVE
from chalicelib.api.resources.derivatives import derivative_out
from chalicelib.api.resources.meter_results import EXAMPLE as RESULT
from chalicelib.api.resources.meter_results import result_out
from chalicelib.api.shared.examples import AGGREGATION_RESULT
from chalicelib.store.shared import documents
from chalicelib.store.tables.base import now
from chalicelib.store.tables.results import AggregationResult, Derivative, MeterResult
from chalicelib.vocabulary import SPREAD_NUMBERS

OWN = ("uncertainty", "systematic_error")


@pytest.fixture(autouse=True)
def no_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "url", lambda key: key)


def shown(example: dict[str, Any], render: Any, table: Any, *without: str) -> dict[str, Any]:
    """The response for an example that is stored without some attributes."""
    stored = {name: value for name, value in example.items() if name not in without}
    stored |= {"added": now(), "updated": now()}
    if table is AggregationResult:
        stored["trace_interpretation"] = "ELECTRICITY_CONSUMPTION_SUPPLIED"
    if table is Derivative and SPREAD_NUMBERS[0] in stored:
        stored["spread"] = [stored.pop(name) for name in SPREAD_NUMBERS]
    rendered: dict[str, Any] = render(table(**stored))
    return rendered


@pytest.mark.parametrize(
    ("example", "render", "table"),
    [
        (RESULT, result_out, MeterResult),
        (DERIVATIVE, derivative_out, Derivative),
        (AGGREGATION_RESULT, aggregation_out, AggregationResult),
    ],
)
def test_everything_stored_is_shown(example: dict[str, Any], render: Any, table: Any) -> None:
    found = shown(example, render, table)
    assert list(found) == list(example)
    same = set(example) - {"added", "updated"}
    assert {name: found[name] for name in same} == {name: example[name] for name in same}


def test_items_older_than_the_method_attribute_have_the_only_method_of_that_time() -> None:
    assert shown(RESULT, result_out, MeterResult, "uncertainty")["uncertainty"] == "guideline14"
    assert shown(RESULT, result_out, MeterResult, "reporting_window")["reporting_window"] == "first_year"
    derived = [*OWN, *SPREAD_NUMBERS]
    old = shown(DERIVATIVE, derivative_out, Derivative, *derived)
    assert [old[name] for name in derived] == ["guideline14", *[None] * 9]
    summed = shown(AGGREGATION_RESULT, aggregation_out, AggregationResult, *OWN, "systematic_error_n")
    assert [summed[name] for name in (*OWN, "systematic_error_n")] == [["guideline14"], None, 0]
