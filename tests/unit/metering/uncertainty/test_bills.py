from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from chalicelib.metering.fitting.period import Period
from chalicelib.metering.models.caltrack.data import BillData
from chalicelib.metering.models.caltrack.model import CaltrackBillingModel
from chalicelib.metering.uncertainty.bills import EXPONENT, BillRegression
from chalicelib.metering.uncertainty.bootstrap import Bootstrap
from chalicelib.metering.uncertainty.noise import bounded_load
from chalicelib.metering.uncertainty.spread import Prediction, student_t

Floats = npt.NDArray[np.floating[Any]]
MONTHS = [31, 29, 32, 30, 28, 33, 30, 31, 29, 30, 32, 30]
INDEX = pd.date_range("2016-01-01", periods=sum(MONTHS), freq="D", tz="America/Chicago")


def temperature(seed: int = 0) -> "pd.Series[float]":
    weather = np.random.default_rng(seed).normal(0, 6, len(INDEX))
    return pd.Series(55 - 25 * np.cos(2 * np.pi * np.arange(len(INDEX)) / 365) + weather, index=INDEX)


def load(degrees: "pd.Series[float]", heats: bool = True) -> "pd.Series[float]":
    return 10 + heats * 0.8 * (60 - degrees).clip(lower=0)


def period_of(relative: Floats, lengths: list[int] = MONTHS, *, heats: bool = True) -> Period:
    """Return fitted bills whose energy deviates by these fractions."""
    degrees = temperature()
    bill = np.repeat(np.arange(len(lengths)), lengths)
    true = load(degrees, heats).to_numpy()[: len(bill)]
    mean = pd.Series(true).groupby(bill).transform("mean").to_numpy()
    df = pd.DataFrame({"temperature": degrees.iloc[: len(bill)], "observed": mean * (1 + relative[bill]), "bill": bill})
    model = CaltrackBillingModel({})
    model.fit(BillData(df, electricity=False, warnings=[], disqualification=[]))
    rows = df[["temperature", "observed"]].assign(predicted=model.predict(df["temperature"]))
    return Period(rows, bill, model, None, {})


def noise(seed: int, bills: int = 12, size: float = 0.05) -> Floats:
    return np.random.default_rng(seed).normal(0, size, bills)


def prediction_of(period: Period, *, with_noise: bool = False) -> Prediction:
    assert period.model is not None
    degrees = temperature(5)
    return Prediction("baseline", degrees, period.model.predict(degrees), None, with_noise)


def level_of(seed: int) -> Period:
    return period_of(noise(seed), heats=False)


def test_bills_of_one_level_give_the_textbook_interval() -> None:
    period = next(found for found in map(level_of, range(99)) if found.model.parameter_count == 1)  # type: ignore[union-attr]
    days = np.array(MONTHS)
    residual = (period.rows["observed"] - period.rows["predicted"]).groupby(np.asarray(period.bills)).first().to_numpy()
    variance = days @ residual**2 / (len(days) - 1)  # of a day
    error = np.sqrt(variance / days.sum()) * len(INDEX)
    found = BillRegression({"baseline": period})(prediction_of(period))
    assert found == pytest.approx((student_t(11) * error, error, 11, 0, EXPONENT))
    read = BillRegression({"baseline": period})(prediction_of(period, with_noise=True))
    assert read.standard_error == pytest.approx(np.sqrt(error**2 + variance * len(INDEX)))


def test_the_noise_of_both_periods_is_pooled() -> None:
    one, other = period_of(noise(1)), period_of(noise(2))
    alone, both = BillRegression({"baseline": one}), BillRegression({"baseline": one, "reporting": other})
    assert both.degrees_of_freedom > alone.degrees_of_freedom
    separate = BillRegression({"reporting": other})
    low, high = sorted([alone.noise_variance, separate.noise_variance])
    assert low < both.noise_variance < high


def scaled(period: Period, factor: float) -> Period:
    """Return the same period for a meter with `factor` times the consumption."""
    bills = np.asarray(period.bills)
    df = period.rows[["temperature", "observed"]].assign(bill=bills)
    df["observed"] *= factor
    model = CaltrackBillingModel({})
    model.fit(BillData(df, electricity=False, warnings=[], disqualification=[]))
    return Period(
        df[["temperature", "observed"]].assign(predicted=model.predict(df["temperature"])), bills, model, None, {}
    )


@pytest.mark.parametrize("factor", [10.0, 0.1, 0.001])
def test_the_noise_is_pooled_relative_to_the_load(factor: float) -> None:
    before, after = period_of(noise(1)), period_of(noise(2))
    same = BillRegression({"baseline": before, "reporting": after})(prediction_of(before))
    less = BillRegression({"baseline": before, "reporting": scaled(after, factor)})(prediction_of(before))
    assert less == pytest.approx(same, rel=1e-6)


def test_a_period_without_consumption_does_not_affect_the_noise() -> None:
    before, nothing = period_of(noise(1)), scaled(period_of(noise(2)), 0.0)
    both = BillRegression({"baseline": before, "reporting": nothing})
    prediction = prediction_of(before)
    assert both(prediction) == BillRegression({"baseline": before})(prediction)
    found = both(prediction_of(nothing)._replace(period="reporting"))
    assert (found.half_width, found.degrees_of_freedom) == (0, both.degrees_of_freedom)


def test_a_period_with_as_many_bills_as_parameters_has_no_interval() -> None:
    few, many = period_of(noise(1, 3), [60, 60, 60]), period_of(noise(2))
    regression = BillRegression({"baseline": few, "reporting": many})
    assert few.model is not None
    assert few.model.parameter_count == 3
    assert regression(prediction_of(few)).half_width is None
    assert Bootstrap({"baseline": few, "reporting": many})(prediction_of(few)).half_width is None
    alone = BillRegression({"reporting": many})
    assert regression.degrees_of_freedom == alone.degrees_of_freedom


def test_six_bills_leave_few_degrees_of_freedom() -> None:
    lengths = [61, 60, 62, 60, 61, 60]
    periods = {label: period_of(noise(seed, 6), lengths) for label, seed in (("baseline", 1), ("reporting", 2))}
    found = BillRegression(periods)(prediction_of(periods["baseline"]))
    assert 3 < (found.degrees_of_freedom or 0) < 8


def test_no_interval_without_a_degree_of_freedom() -> None:
    period = period_of(noise(1, 1), [60], heats=False)
    assert BillRegression({"baseline": period})(prediction_of(period)).half_width is None


def test_a_perfect_fit_has_hardly_any_interval() -> None:
    period = period_of(np.zeros(12))
    found = BillRegression({"baseline": period})(prediction_of(period))
    assert found.half_width == pytest.approx(0, abs=1e-6 * float(prediction_of(period).energy.sum()))


def test_intervals_have_the_nominal_coverage() -> None:
    days, covered = np.array(MONTHS), 0
    scale = bounded_load(np.ones(12), 1.0) / np.sqrt(days / 30)
    for seed in range(300):
        period = period_of(noise(seed) * scale)
        prediction = prediction_of(period)
        true = float(load(prediction.temperature).sum())
        covered += abs(prediction.energy.sum() - true) <= (BillRegression({"baseline": period})(prediction)[0] or 0)
    assert 0.91 <= covered / 300 <= 0.99


def test_the_bootstrap_is_seeded_and_close_to_the_regression() -> None:
    period = period_of(noise(4))
    prediction = prediction_of(period)
    found, again = (Bootstrap({"baseline": period})(prediction) for _ in range(2))
    assert found == again
    regression = BillRegression({"baseline": period})(prediction)
    assert found.degrees_of_freedom == regression.degrees_of_freedom
    assert found.standard_error == pytest.approx(regression.standard_error, rel=0.35)
    read = Bootstrap({"baseline": period})(prediction_of(period, with_noise=True))
    assert (read.standard_error or 0) > (found.standard_error or 0)
