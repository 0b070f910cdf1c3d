"""What a meter run is for: the consumption before and after the project, on the same weather."""

from typing import Any, NamedTuple

import pandas as pd
from eemeter.common.metrics import ReportingMetrics

from chalicelib.metering.fitting import Bills, Period, by_bill, predict
from chalicelib.metering.plain import plain
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

CONFIDENCE_LEVEL = 0.95


class Side(NamedTuple):
    """A sum, the half-width of its 95 % interval (both in the trace's unit), and the number of days added up."""

    value: float | None = None
    half_width: float | None = None
    n: int | None = None


def derive(
    baseline: Period, reporting: Period, normal_year: pd.Series, normal_bills: Bills, formatter: str, unit: str
) -> list[dict[str, Any]]:
    """The three derivatives; the side of a model that there is not is None.

    annualized_weather_normal: both models on the normal year.
    gross_predicted: both models on the weather of the reporting period.
    gross_observed: the baseline model on the weather of the reporting period, and what the meter read, over the days
    that have both. A reading has no interval.

    `normal_year` holds the daily temperatures (F) of 365 days, `normal_bills` the bill to which each belongs.
    """
    weather, observed = reporting.days["temperature"], reporting.days["observed"]
    expected = predict(baseline, weather)
    both = expected.notna() & observed.notna()
    periods = (baseline, reporting)
    pairs = (
        [_predicted_side(period, predict(period, normal_year), normal_bills, formatter) for period in periods],
        [_predicted_side(period, predict(period, weather), reporting.bills, formatter) for period in periods],
        [
            _predicted_side(baseline, expected.where(both), reporting.bills, formatter),
            Side(float(observed[both].sum()), 0.0, int(both.sum())) if both.any() else Side(),
        ],
    )
    return [
        {"interpretation": interpretation, "unit": unit, **_keys("baseline", before), **_keys("reporting", after)}
        for interpretation, (before, after) in zip(DERIVATIVE_INTERPRETATIONS, pairs, strict=True)
    ]


def _predicted_side(period: Period, predicted: pd.Series, bills: Bills, formatter: str) -> Side:
    """The sum of predictions with the half-width of ASHRAE Guideline 14 (2014), annex B.

    eemeter's `total_savings_uncertainty`: t * CVRMSE * sqrt(n / n' * (1 + 2 / n') / m) of the sum, where n are the
    readings behind the model, n' these corrected for the autocorrelation of its residuals, and m the readings
    predicted; times the polynomial in months by which Sun and Baltazar (2013) improve the approximation.
    """
    n = int(predicted.notna().sum())
    if period.metrics is None or n == 0:
        return Side()
    rows = by_bill(pd.DataFrame({"observed": predicted, "predicted": predicted}), bills)
    half_width = None
    if period.metrics.cvrmse_autocorr_adj is not None:  # eemeter has none for a mean at or below zero
        half_width = plain(
            abs(
                ReportingMetrics(
                    baseline_metrics=period.metrics,
                    reporting_df=rows,
                    data_frequency=formatter,
                    confidence_level=CONFIDENCE_LEVEL,
                ).total_savings_uncertainty
            )
        )
    return Side(float(predicted.sum()), half_width, n)


def _keys(label: str, side: Side) -> dict[str, float | int | None]:
    return {
        f"{label}_value": side.value,
        f"{label}_lower": side.half_width,
        f"{label}_upper": side.half_width,
        f"{label}_n": side.n,
    }
