"""What a meter run is for: the consumption before and after the project, on the same weather."""

import math
from typing import Any, NamedTuple

import pandas as pd
from eemeter.common.metrics import ReportingMetrics

from chalicelib.metering.fitting import Bills, Period, by_bill, predict
from chalicelib.metering.plain import plain
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, is_generation

CONFIDENCE_LEVEL = 0.95


class Side(NamedTuple):
    """A sum, the half-width of its 95 % interval (both in the trace's unit), and the number of days added up."""

    value: float | None = None
    half_width: float | None = None
    n: int | None = None


def derive(
    baseline: Period,
    reporting: Period,
    expected: pd.Series,
    normal_year: pd.Series,
    normal_bills: Bills,
    rows_of: str,
    unit: str,
) -> list[dict[str, Any]]:
    """The three derivatives; the side of a model that there is not is None.

    annualized_weather_normal: both models on the normal year.
    gross_predicted: both models on the weather of the reporting period.
    gross_observed: the baseline model on the weather of the reporting period, and what the meter read, over the days
    that have both. A reading has no interval.

    `expected` is what the baseline model says of the reporting period's rows; `normal_year` holds the temperatures (F)
    of the rows of 365 days, `normal_bills` the bill to which each belongs. `rows_of`: daily, billing or hourly.
    """
    observed, fitted = reporting.rows["observed"], reporting.rows["predicted"]
    both = expected.notna() & observed.notna()
    pairs = (
        [
            _predicted_side(period, predict(period, normal_year), normal_bills, rows_of)
            for period in (baseline, reporting)
        ],
        [
            _predicted_side(period, predicted, reporting.bills, rows_of)
            for period, predicted in ((baseline, expected), (reporting, fitted))
        ],
        [
            _predicted_side(baseline, expected.where(both), reporting.bills, rows_of),
            Side(float(observed[both].sum()), 0.0, _days(observed[both])) if both.any() else Side(),
        ],
    )
    return [
        {"interpretation": interpretation, "unit": unit, **_keys("baseline", before), **_keys("reporting", after)}
        for interpretation, (before, after) in zip(DERIVATIVE_INTERPRETATIONS, pairs, strict=True)
    ]


def savings(derivative: dict[str, Any], trace_interpretation: str) -> dict[str, Any] | None:
    """What a derivative says was saved, with the half-width of the 95 % interval; None without both of its sides.

    Baseline minus reporting, or for generation (full name) the reverse; half-widths in quadrature. percent: of the
    baseline. fsu: the fractional savings uncertainty, half-width over savings (ASHRAE Guideline 14-2014).
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


def _predicted_side(period: Period, predicted: pd.Series, bills: Bills, rows_of: str) -> Side:
    """The sum of predictions with the half-width of ASHRAE Guideline 14 (2014), annex B.

    eemeter's `total_savings_uncertainty`: t * CVRMSE * sqrt(n / n' * (1 + 2 / n') / m) of the sum, where n are the
    readings behind the model, n' these corrected for the autocorrelation of its residuals, and m the readings
    predicted; times 1.26 for hours, and else the polynomial in months by which Sun and Baltazar (2013) improve the
    approximation.
    """
    known = predicted[predicted.notna()]
    if period.metrics is None or known.empty:
        return Side()
    rows = by_bill(pd.DataFrame({"observed": predicted, "predicted": predicted}), bills)
    half_width = None
    if period.metrics.cvrmse_autocorr_adj is not None:  # eemeter has none for a mean at or below zero
        half_width = plain(
            abs(
                ReportingMetrics(
                    baseline_metrics=period.metrics,
                    reporting_df=rows,
                    data_frequency=rows_of,
                    confidence_level=CONFIDENCE_LEVEL,
                ).total_savings_uncertainty
            )
        )
    return Side(float(predicted.sum()), half_width, _days(known))


def _days(rows: pd.Series) -> int:
    """The number of days of the project's calendar in which there is a row."""
    return int(pd.DatetimeIndex(rows.index).tz_localize(None).normalize().nunique())


def _keys(label: str, side: Side) -> dict[str, float | int | None]:
    return {
        f"{label}_value": side.value,
        f"{label}_lower": side.half_width,
        f"{label}_upper": side.half_width,
        f"{label}_n": side.n,
    }
