"""Custom attributes, defaults of attributes that older items do not have, and the size of a derivative."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.tables.runs import (
    AggregationResult,
    AggregationRun,
    Derivative,
    IdsAttribute,
    MeterResult,
    MeterRun,
    Table,
)
from chalicelib.vocabulary import SPREAD_NUMBERS


@given(st.lists(st.integers(1, 2**53 - 1)))
def test_ids_survive_a_round_trip(ids: list[int]) -> None:
    attribute = IdsAttribute()
    assert attribute.deserialize(attribute.serialize(ids)) == ids


def test_100_000_ids_fit_in_an_item() -> None:
    ids = [3 * number + number % 7 * 1000 for number in range(100_000)]
    assert len(IdsAttribute().serialize(ids)) < 400_000


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


def test_a_derivative_fits_in_one_write_request_unit() -> None:
    number = -12345.678901234567
    moment = datetime(2016, 9, 28, 23, 57, 21, 454235, tzinfo=UTC)
    longest: dict[str, Any] = {
        "trace_interpretation": "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED",
        "interpretation": "annualized_weather_normal",
        "unit": "THERM",
        "uncertainty": "guideline14",
        "eemeter_version": "4.1.1",
        "added": moment,
        "updated": moment,
    }
    longest |= dict.fromkeys(("id", "meter_result", "trace", "project"), 10**9)
    longest["spread"] = [number] * len(SPREAD_NUMBERS)
    longest |= dict.fromkeys(set(Derivative.get_attributes()) - longest.keys(), number)
    item = Derivative(**longest).serialize()
    # An upper bound: numbers are longer as text than in DynamoDB's encoding.
    assert sum(len(name) + len(next(iter(value.values()))) for name, value in item.items()) < 1024
