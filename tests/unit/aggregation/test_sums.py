"""How derivatives are summed, and which are left out."""

import math
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aggregation.sums import ACCEPTED, DEFAULT, REJECTED, NothingToAddError, Partial, partial_sum, total
from chalicelib.vocabulary import UNCERTAINTY_METHODS

SUPPLIED, EXPORTED = "ELECTRICITY_CONSUMPTION_SUPPLIED", "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED"
NUMBERS = [f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "lower", "upper", "n")]
WHOLE = (100.0, 3.0, 3.0, 365, 90.0, 4.0, 4.0, 365)

value, half_width, days = st.floats(-1e12, 1e12), st.floats(0, 1e12), st.integers(0, 366)
sides = st.tuples(value, half_width, half_width, days, value, half_width, half_width, days)
shared = st.none() | half_width
methods = st.sampled_from(UNCERTAINTY_METHODS)


def derivatives(
    rows: Iterable[tuple[Any, ...]], systematic_error: float | None = None, uncertainty: str = "regression"
) -> list[dict[str, Any]]:
    of_all = {"systematic_error": systematic_error, "uncertainty": uncertainty}
    return [{"label": label, **dict(zip(NUMBERS, row, strict=True)), **of_all} for label, row in enumerate(rows, 1)]


def sharing(errors: Iterable[float | None]) -> list[dict[str, Any]]:
    """Return derivatives that differ only in their systematic errors."""
    return [derivatives([WHOLE], error)[0] | {"label": label} for label, error in enumerate(errors, 1)]


def status(label: int, baseline: str, reporting: str) -> dict[str, Any]:
    return {
        "derivative": label,
        "baseline_status": baseline,
        "reporting_status": reporting,
        "uncertainty": "regression",
        "systematic_error": None,
    }


def added(chunks: Iterable[list[dict[str, Any]]], trace: str = SUPPLIED, how: str = "SUM") -> dict[str, Any]:
    partials: list[Partial] = [partial_sum(chunk, trace) for chunk in chunks]
    return total([partial.sums for partial in partials], sum(partial.taken for partial in partials), trace, how)


@given(st.lists(st.tuples(sides, shared, methods), min_size=1, max_size=40), st.data())
def test_neither_split_nor_order_changes_a_bit(
    rows: list[tuple[tuple[Any, ...], float | None, str]], data: st.DataObject
) -> None:
    whole = [derivatives([row], error, method)[0] | {"label": at} for at, (row, error, method) in enumerate(rows)]
    shuffled = data.draw(st.permutations(whole))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=5)))
    chunks = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert added(chunks) == added([whole])
    partials = [partial_sum(chunk, SUPPLIED) for chunk in chunks]
    assert {method for partial in partials for method in partial.methods} == {method for _, _, method in rows}


@given(st.lists(sides, min_size=1, max_size=40))
def test_the_sum_equals_fsum(rows: list[tuple[Any, ...]]) -> None:
    columns, found = dict(zip(NUMBERS, zip(*rows, strict=True), strict=True)), added([derivatives(rows)])
    for side in ("baseline", "reporting"):
        assert found[f"{side}_value"] == math.fsum(columns[f"{side}_value"])
        assert found[f"{side}_lower"] == math.sqrt(math.fsum(h * h for h in columns[f"{side}_lower"]))
        assert found[f"{side}_upper"] == math.sqrt(math.fsum(h * h for h in columns[f"{side}_upper"]))
        assert found[f"{side}_n"] == sum(columns[f"{side}_n"])
    assert found["differential_value"] == found["baseline_value"] - found["reporting_value"]
    assert found["differential_n"] == found["baseline_n"] + found["reporting_n"]


@given(st.lists(shared, min_size=1, max_size=40), st.sampled_from(["SUM", "MEAN"]))
def test_systematic_errors_are_added_linearly(errors: list[float | None], how: str) -> None:
    found, known = added([sharing(errors)], how=how), [error for error in errors if error is not None]
    assert found["systematic_error_n"] == len(known)
    divisor = len(errors) if how == "MEAN" else 1
    assert found["systematic_error"] == (math.fsum(known) / divisor if known else None)


def test_systematic_errors_do_not_widen_intervals() -> None:
    names = [f"{side}_{end}" for side in ("baseline", "reporting", "differential") for end in ("lower", "upper")]
    without, with_ = added([sharing([None] * 3)]), added([sharing([5.0] * 3)])
    assert [with_[name] for name in names] == [without[name] for name in names]


def test_a_rejected_derivative_adds_no_systematic_error_and_no_method() -> None:
    (taken,) = derivatives([WHOLE], 5.0, "regression")
    (rejected,) = derivatives([(1, 1, 1, 365, None, None, None, None)], 7.0, "caltrack")
    partial = partial_sum([taken, rejected | {"label": 2}], SUPPLIED)
    found = total([partial.sums], partial.taken, SUPPLIED, "SUM")
    assert (found["systematic_error"], found["systematic_error_n"]) == (5.0, 1)
    assert partial.methods == ["regression"]
    shown = [(row["derivative"], row["uncertainty"], row["systematic_error"]) for row in partial.statuses]
    assert shown == [(1, "regression", 5.0), (2, "caltrack", 7.0)]


def test_half_widths_add_in_quadrature() -> None:
    found = added([derivatives([(100, 3, 6, 365, 90, 5, 10, 365), (100, 4, 8, 365, 80, 12, 24, 364)])])
    assert (found["baseline_lower"], found["baseline_upper"]) == (5, 10)
    assert (found["reporting_lower"], found["reporting_upper"]) == (13, 26)
    assert found["differential_lower"] == pytest.approx(math.hypot(5, 13))
    assert found["differential_value"] == 30
    assert (found["baseline_n"], found["reporting_n"]) == (730, 729)


@given(st.lists(sides, min_size=1, max_size=20))
def test_a_mean_is_the_sum_divided_by_the_count(rows: list[tuple[Any, ...]]) -> None:
    summed, mean = added([derivatives(rows)]), added([derivatives(rows)], how="MEAN")
    for name, number in mean.items():
        if name.endswith("_n"):
            assert number == summed[name]
        elif name.startswith(("baseline", "reporting")):
            assert number == summed[name] / len(rows)


@pytest.mark.parametrize("missing", NUMBERS)
def test_a_derivative_with_an_incomplete_side_is_rejected_on_both(missing: str) -> None:
    whole, broken = derivatives([(1, 1, 1, 365, 2, 1, 1, 365), (10, 1, 1, 365, 20, 1, 1, 365)])
    broken[missing] = None
    partial = partial_sum([whole, broken], SUPPLIED)
    assert partial.statuses == [status(1, ACCEPTED, ACCEPTED), status(2, REJECTED, REJECTED)]
    assert partial.taken == 1
    assert total([partial.sums], partial.taken, SUPPLIED, "SUM")["baseline_value"] == 1


def test_a_missing_baseline_of_unconsumed_generation_counts_as_zero() -> None:
    rows = derivatives([(None, None, None, None, 50, 3, 3, 365), (None, None, None, None, None, None, None, None)])
    partial = partial_sum(rows, EXPORTED)
    assert partial.statuses == [status(1, DEFAULT, ACCEPTED), status(2, REJECTED, REJECTED)]
    found = total([partial.sums], partial.taken, EXPORTED, "SUM")
    assert (found["baseline_value"], found["baseline_n"]) == (0, 0)
    assert found["differential_direction"] == "REPORTING_MINUS_BASELINE"
    assert (found["differential_value"], found["differential_lower"]) == (50, 3)


def test_a_baseline_without_its_half_width_is_rejected_for_unconsumed_generation_too() -> None:
    (row,) = derivatives([(-500, None, None, 365, 50, 3, 3, 365)])
    assert partial_sum([row], EXPORTED).statuses == [status(1, REJECTED, REJECTED)]


@pytest.mark.parametrize("rows", [[], [(1, 1, 1, 365, None, None, None, None)]])
def test_there_is_no_total_if_no_derivative_is_accepted(rows: list[tuple[Any, ...]]) -> None:
    with pytest.raises(NothingToAddError):
        added([derivatives(rows)])
