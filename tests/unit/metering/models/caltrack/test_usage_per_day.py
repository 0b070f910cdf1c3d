from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.metering.models.caltrack.degree_days import bill_means, degree_days
from chalicelib.metering.models.caltrack.usage_per_day import Bills, UsagePerDay, fit, search

Floats = npt.NDArray[np.floating[Any]]
POINTS = np.arange(30.0, 91.0)
YEAR = 365


def temperatures(seed: int = 0, mean: float = 55.0, swing: float = 25.0) -> Floats:
    """Return the daily mean temperatures (F) of a year."""
    weather = np.random.default_rng(seed).normal(0, 6, YEAR)
    return np.asarray(mean - swing * np.cos(2 * np.pi * np.arange(YEAR) / YEAR) + weather)


def numbers(curve: UsagePerDay) -> dict[str, float]:
    """Return the parameters of a curve that are not None."""
    return {name: value for name, value in vars(curve).items() if value is not None}


def year_of(
    curve: UsagePerDay, lengths: list[int], seed: int = 0, *, with_cooling: bool = True
) -> tuple[Floats, Bills]:
    """Return the usage per day of consecutive bills of these lengths, without noise, and their degree days."""
    bill = np.repeat(np.arange(len(lengths)), lengths)
    degrees = temperatures(seed)[: len(bill)]
    heating, cooling = (bill_means(side, bill, len(lengths)) for side in degree_days(degrees, POINTS))
    usage = bill_means(curve.predict(degrees), bill, len(lengths))
    return usage, Bills(heating, cooling, np.array(lengths, dtype=float), POINTS, with_cooling)


MONTHS = [31, 29, 32, 30, 28, 33, 30, 31, 29, 30, 32, 30]
CURVES = {
    "intercept_only": UsagePerDay(12.0),
    "hdd_only": UsagePerDay(3.0, 0.5, 0.0, 61.0, None),
    "cdd_only": UsagePerDay(8.0, 0.0, 1.5, None, 68.0),
    "cdd_hdd": UsagePerDay(10.0, 0.8, 1.2, 56.0, 70.0),
}


@pytest.mark.parametrize("kind", CURVES)
def test_a_curve_without_noise_is_recovered(kind: str) -> None:
    usage, bills = year_of(CURVES[kind], MONTHS)
    found, r2 = fit(usage, bills)
    assert found.kind == kind
    assert numbers(found) == pytest.approx(numbers(CURVES[kind]), rel=1e-9)
    assert r2 == pytest.approx(0.0 if kind == "intercept_only" else 1.0)


def test_gas_is_not_explained_by_cooling() -> None:
    usage, bills = year_of(CURVES["cdd_only"], MONTHS, with_cooling=False)
    assert fit(usage, bills)[0].kind == "intercept_only"


def test_ties_go_to_the_model_with_fewer_parameters() -> None:
    usage, bills = year_of(CURVES["intercept_only"], MONTHS)
    found, r2 = fit(usage * 1.1, bills)
    assert found.kind == "intercept_only"
    assert (found.intercept, r2) == pytest.approx((13.2, 0.0))


def test_a_net_meter_may_have_a_negative_intercept() -> None:
    curve = UsagePerDay(-9.0, 0.5, 1.2, 56.0, 70.0)
    usage, bills = year_of(curve, MONTHS)
    assert (usage < 0).any()
    assert numbers(fit(usage, bills)[0]) == pytest.approx(numbers(curve), rel=1e-9)


def test_a_negative_intercept_needs_a_negative_bill() -> None:
    curve = UsagePerDay(-1.0, 0.5, 0.0, 80.0, None)
    usage, bills = year_of(curve, MONTHS)
    assert (usage > 0).all()
    assert fit(usage, bills)[0].intercept >= 0


def test_a_balance_point_needs_twenty_degree_days() -> None:
    usage, bills = year_of(CURVES["cdd_hdd"], MONTHS)
    warm = bills.cooling[:, bills.days @ bills.cooling < 20]
    assert warm.shape[1] > 0
    found, _ = fit(usage, bills)
    assert found.cooling_balance_point is not None
    assert bills.days @ bills.cooling[:, found.cooling_balance_point == POINTS] >= 20


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_bills_have_few_parameters(count: int) -> None:
    usage, bills = year_of(CURVES["cdd_hdd"], MONTHS[:count])
    assert fit(usage, bills)[0].kind in ("intercept_only", "hdd_only", "cdd_only", "cdd_hdd")[: max(1, count)]
    assert np.isfinite(fit(usage, bills)[0].intercept)


@given(
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(25, 70), min_size=5, max_size=12).filter(lambda lengths: sum(lengths) <= YEAR),
    factor=st.floats(1e-3, 1e3),
)
@settings(max_examples=60, deadline=None)
def test_fits_have_the_properties_of_least_squares(seed: int, lengths: list[int], factor: float) -> None:
    draw = np.random.default_rng(seed)
    usage, bills = year_of(CURVES["cdd_hdd"], lengths, seed)
    usage = usage * draw.uniform(0.7, 1.3, len(usage))
    found, r2 = fit(usage, bills)
    fitted = found.predict(temperatures(seed)[: sum(lengths)])
    bill = np.repeat(np.arange(len(lengths)), lengths)
    # with an intercept and weights by days, the fitted bills sum to the observed ones
    assert fitted.sum() == pytest.approx(usage @ bills.days, rel=1e-9)
    assert 0 <= r2 <= 1
    assert found.heating_slope >= 0
    assert found.cooling_slope >= 0
    if found.kind == "cdd_hdd":
        assert (found.cooling_balance_point or 0) >= (found.heating_balance_point or 0)
    # the unit of energy does not change the balance points
    scaled, same = fit(usage * factor, bills)
    assert (scaled.heating_balance_point, scaled.cooling_balance_point) == (
        found.heating_balance_point,
        found.cooling_balance_point,
    )
    assert same == pytest.approx(r2, abs=1e-9)
    residual = usage - bill_means(fitted, bill, len(lengths))
    explained = 1 - (bills.days @ residual**2) / (bills.days @ (usage - usage @ bills.days / bills.days.sum()) ** 2)
    slopes = {"intercept_only": 0, "cdd_hdd": 2}.get(found.kind, 1)
    adjusted = 1 - (1 - explained) * (len(usage) - 1) / (len(usage) - slopes - 1)
    assert r2 == pytest.approx(adjusted, abs=1e-9)


def test_searching_many_sets_of_bills_equals_searching_each() -> None:
    usage, bills = year_of(CURVES["cdd_hdd"], MONTHS)
    usages = usage * np.random.default_rng(1).uniform(0.8, 1.2, (30, len(usage)))
    found = search(usages, bills)
    alone = [search(usage[None], bills) for usage in usages]
    assert [int(one.heating[0]) for one in alone] == found.heating.tolist()
    assert [int(one.cooling[0]) for one in alone] == found.cooling.tolist()


def test_the_gradient_is_that_of_the_prediction() -> None:
    curve, degrees, step = CURVES["cdd_hdd"], temperatures(), 1e-6
    names = ["intercept", "heating_slope", "heating_balance_point", "cooling_slope", "cooling_balance_point"]
    gradient = curve.gradient(degrees)
    assert gradient.shape == (YEAR, 5)
    for column, name in zip(gradient.T, names, strict=True):
        higher, lower = (UsagePerDay(**{**vars(curve), name: vars(curve)[name] + move}) for move in (step, -step))
        slope = (higher.predict(degrees) - lower.predict(degrees)) / (2 * step)
        assert column == pytest.approx(slope, abs=1e-6)
