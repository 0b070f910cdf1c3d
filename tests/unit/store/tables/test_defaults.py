"""Defaults of attributes that older items do not have."""

import pytest

from chalicelib.store.tables.base import Table
from chalicelib.store.tables.results import AggregationResult, Derivative, MeterResult
from chalicelib.store.tables.runs import AggregationRun, MeterRun


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (MeterRun, {"uncertainty": None, "failure_reason": None, "data_quality": None, "reporting_window": None}),
        (MeterResult, {"uncertainty": "guideline14", "reporting_window": "first_year"}),
        (Derivative, {"uncertainty": "guideline14", "systematic_error": None, "spread": None}),
        (AggregationRun, {"mix_uncertainty": False}),
        (AggregationResult, {"uncertainty": ["guideline14"], "systematic_error": None, "systematic_error_n": 0}),
    ],
)
def test_older_items_have_default_attributes(table: type[Table], expected: dict[str, object]) -> None:
    old = table.from_raw_data({"id": {"N": "7"}})
    assert {name: getattr(old, name) for name in expected} == expected
