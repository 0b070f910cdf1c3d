"""The bounds that were set for savings and their intervals before measuring, and by how much they are missed."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.validation.coverage import Coverage, Estimate, coverage, mean_of
from benchmarks.validation.markdown import NONE, READINGS, table
from benchmarks.validation.plan import BIMONTHLY, DAILY, MAIN, MONTHLY
from benchmarks.validation.portfolios import SMALL
from benchmarks.validation.results import Results
from benchmarks.validation.simulation import LOADS, Outcome, of_derivative
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

LOW_AUTOCORRELATION = 0.3
_MORE = 2.0  # percentage points, added to either end of the accepted coverage for the halves in _HALVES
_LITTLE_NOISE_ERROR = 1.0  # percent
_PORTFOLIO_COVERAGE, _PORTFOLIO_HALF_WIDTH = (93.0, 100.0), 1.0
_HALVES: dict[str, Callable[[Outcome], bool]] = {
    f"below {LOW_AUTOCORRELATION}": lambda one: one.autocorrelation < LOW_AUTOCORRELATION,
    f"{LOW_AUTOCORRELATION} or more": lambda one: one.autocorrelation >= LOW_AUTOCORRELATION,
}
FUELS = {"THERM": "gas", "KWH": "electricity"}


class Accepted(NamedTuple):
    """The accepted values of a group, in percent. bias: the largest absolute value, by unit."""

    covered: tuple[float, float]
    half_width: float
    bias: Mapping[str, float]


ACCEPTED = {
    MONTHLY: Accepted((93, 97), 5.5, {"THERM": 0.5, "KWH": 0.5}),
    BIMONTHLY: Accepted((93, 98), 8.0, {"THERM": 0.5, "KWH": 1.0}),
    DAILY: Accepted((93, 97), 5.2, {}),
}


class Bound(NamedTuple):
    """A bound for several percentages: each of `found` must be between low and high."""

    what: str
    low: float
    high: float
    found: Mapping[str, Estimate]

    def missed(self) -> dict[str, float]:
        """By how many percentage points each number misses the bound, worst first."""
        by = {name: max(self.low - one.value, one.value - self.high) for name, one in self.found.items()}
        missed = {name: points for name, points in by.items() if points > 0}
        return dict(sorted(missed.items(), key=lambda item: -item[1]))


def bounds(results: Results) -> list[Bound]:
    """Return all bounds."""
    return [*_of_groups(results), *_of_little_noise(results), *_of_portfolios(results)]


def bounds_table(found: Sequence[Bound]) -> str:
    """Return a table with one row per bound."""
    rows = [[bound.what, _accepted(bound), _found(bound), verdict(bound)] for bound in found]
    return table(["Quantity", "Accepted, %", "Found, %", "Result"], rows)


def verdict(bound: Bound) -> str:
    """Return whether the bound is met; if not, the largest miss, where it is, and whether chance may explain it."""
    if all(math.isnan(one.value) for one in bound.found.values()):
        return "not measured"
    missed = bound.missed()
    if not missed:
        return "met"
    (where, points), *others = missed.items()
    worst = bound.found[where]
    chance = "; within its 95% interval" if worst.low <= bound.high and worst.high >= bound.low else ""
    more = f"; and {len(others)} more" if others else ""
    return f"**missed by {_points(points)} points**: {where}{chance}{more}"


def _of_groups(results: Results) -> Iterator[Bound]:
    for group, accepted in ACCEPTED.items():
        name, outcomes = READINGS[group.frequency], results.sufficient(group)
        found = _by_derivative(outcomes)
        low, high = accepted.covered
        yield Bound(f"{name}: coverage", low, high, {derivative: one.share for derivative, one in found.items()})
        shares = {
            f"{derivative}, {side}": one.share
            for side, belongs in _HALVES.items()
            for derivative, one in _by_derivative([one for one in outcomes if belongs(one)]).items()
        }
        yield Bound(f"{name}: coverage, by autocorrelation", low - _MORE, high + _MORE, shares)
        widths = {derivative: _exactly(one.half_width) for derivative, one in found.items()}
        yield Bound(f"{name}: half-width", 0, accepted.half_width, widths)
        for unit, limit in accepted.bias.items():
            part = [one for one in outcomes if one.derivative["unit"] == unit]
            yield Bound(f"{name}: bias by load, {FUELS[unit]}", -limit, limit, dict(_biases(part)))


def _of_little_noise(results: Results) -> Iterator[Bound]:
    largest = {
        f"{READINGS[group.frequency]}, {derivative}": _exactly(max((abs(one.error) for one in part), default=math.nan))
        for group in MAIN
        for derivative, part in _split_by_derivative(results.with_little_noise(group))
    }
    yield Bound("largest error with 5% of the noise", 0, _LITTLE_NOISE_ERROR, largest)


def _of_portfolios(results: Results) -> Iterator[Bound]:
    monthly = {
        f"{one.load}, {'one climate' if one.one_weather else 'all climates'}, {one.interpretation}": one.of_size[SMALL]
        for one in results.portfolios
        if one.group == MONTHLY
    }
    what = f"portfolios of {SMALL}, {READINGS[MONTHLY.frequency]}"
    yield Bound(f"{what}: coverage", *_PORTFOLIO_COVERAGE, {name: one.covered for name, one in monthly.items()})
    widths = {name: _exactly(one.half_width) for name, one in monthly.items()}
    yield Bound(f"{what}: half-width", 0, _PORTFOLIO_HALF_WIDTH, widths)


def _biases(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, Estimate]]:
    for load in LOADS:
        for derivative, part in _split_by_derivative([one for one in outcomes if one.load == load]):
            if part:
                yield f"{load}, {derivative}", mean_of([one.error for one in part])


def _by_derivative(outcomes: Sequence[Outcome]) -> dict[str, Coverage]:
    return {derivative: coverage(part) for derivative, part in _split_by_derivative(outcomes)}


def _split_by_derivative(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    for derivative in DERIVATIVE_INTERPRETATIONS:
        yield derivative, of_derivative(outcomes, derivative)


def _exactly(value: float) -> Estimate:
    return Estimate(value, value, value)


def _accepted(bound: Bound) -> str:
    if bound.low == -bound.high:
        return f"within ± {bound.high:g}"
    return f"at most {bound.high:g}" if bound.low == 0 else f"{bound.low:g} to {bound.high:g}"


def _found(bound: Bound) -> str:
    values = [one.value for one in bound.found.values() if not math.isnan(one.value)]
    if not values:
        return NONE
    sign = "+" if bound.low == -bound.high else ""
    return f"{min(values):{sign}.1f} to {max(values):{sign}.1f}"


def _points(points: float) -> str:
    return f"{points:.1f}" if points >= 0.1 else f"{points:.2f}"
