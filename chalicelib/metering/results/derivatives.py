"""The derivatives of a meter run: consumption before and after the project, under the same weather."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from chalicelib.metering.fitting.period import Period, predict
from chalicelib.metering.preparation.period_data import Bills
from chalicelib.metering.uncertainty.spread import Method, Prediction, Spread
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, is_generation


class Side(NamedTuple):
    """A sum and its spread (both in the trace's unit), and the number of days in the sum."""

    value: float | None = None
    spread: Spread = Spread()
    n: int | None = None


def derive(
    periods: Mapping[str, Period],
    expected: pd.Series,
    normal_year: pd.Series,
    normal_bills: Bills,
    spread_of: Method,
    unit: str,
) -> list[dict[str, Any]]:
    """Return the three derivatives of the baseline and reporting periods; a side whose model is missing is None.

    annualized_weather_normal: both models on the normal year.
    gross_predicted: both models on the weather of the reporting period.
    gross_observed: the baseline model on the weather of the reporting period, and the observed energy, over the days
    with both. The half-width of the observed side is 0: the noise of the readings is included in the baseline side.

    expected: the baseline model's predictions for the rows of the reporting period. normal_year: the temperatures (F)
    of the rows of 365 days. normal_bills: the bill number of each of these rows.
    """
    reporting = periods["reporting"]
    temperature, observed = reporting.rows["temperature"], reporting.rows["observed"]
    both = expected.notna() & observed.notna()

    def side(prediction: Prediction) -> Side:
        if periods[prediction.period].model is None or not prediction.known.any():
            return Side()
        return Side(float(prediction.energy.sum()), spread_of(prediction), _days(prediction.energy[prediction.known]))

    def in_reporting_period(label: str, energy: pd.Series, *, with_noise: bool = False) -> Side:
        return side(Prediction(label, temperature, energy, reporting.bills, with_noise))

    pairs = (
        [
            side(Prediction(label, normal_year, predict(periods[label], normal_year), normal_bills))
            for label in ("baseline", "reporting")
        ],
        [
            in_reporting_period("baseline", expected),
            in_reporting_period("reporting", reporting.rows["predicted"]),
        ],
        [
            in_reporting_period("baseline", expected.where(both), with_noise=True),
            Side(float(observed[both].sum()), Spread(0.0), _days(observed[both])) if both.any() else Side(),
        ],
    )
    return [
        {"interpretation": interpretation, "unit": unit, **_keys("baseline", before), **_keys("reporting", after)}
        for interpretation, (before, after) in zip(DERIVATIVE_INTERPRETATIONS, pairs, strict=True)
    ]


def savings(derivative: dict[str, Any], trace_interpretation: str) -> dict[str, Any] | None:
    """Return the savings of a derivative, with the half-width of the 95 % interval; None unless it has both sides.

    Savings are baseline minus reporting, or the reverse for generation (full name); half-widths are combined in
    quadrature. percent: of the baseline. fsu: fractional savings uncertainty, half-width divided by savings (ASHRAE
    Guideline 14-2014).
    """
    names = [f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "lower")]
    if any(derivative[name] is None for name in names):
        return None
    before, before_half, after, after_half = (derivative[name] for name in names)
    value = after - before if is_generation(trace_interpretation) else before - after
    half_width = math.sqrt(before_half**2 + after_half**2)
    return {
        "interpretation": derivative["interpretation"],
        "unit": derivative["unit"],
        "value": value,
        "half_width": half_width,
        "percent": 100 * value / before if before else None,
        "percent_half_width": 100 * half_width / abs(before) if before else None,
        "fsu": half_width / abs(value) if value else None,
    }


def _days(rows: pd.Series) -> int:
    """Return the number of calendar days (in the project's time zone) with a row."""
    return int(pd.DatetimeIndex(rows.index).tz_localize(None).normalize().nunique())


def _keys(label: str, side: Side) -> dict[str, float | int | None]:
    spread = side.spread
    return {
        f"{label}_value": side.value,
        f"{label}_lower": spread.half_width,
        f"{label}_upper": spread.half_width,
        f"{label}_n": side.n,
        f"{label}_standard_error": spread.standard_error,
        f"{label}_degrees_of_freedom": spread.degrees_of_freedom,
        f"{label}_noise_autocorrelation": spread.autocorrelation,
        f"{label}_noise_exponent": spread.exponent,
    }
