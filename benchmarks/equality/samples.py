"""Do our results equal eemeter's? Each sample through `run_meter`, and through a short script on the same windows.

    python -m benchmarks.equality [SAMPLE ...]

prints the largest relative difference between the values and half-widths of each sample, and exits with 1 if it is
above 1e-9.
"""

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from eemeter.common.metrics import BaselineMetrics, ReportingMetrics
from eemeter.common.utils import t_stat
from eemeter.eemeter import (
    BillingBaselineData,
    BillingModel,
    BillingReportingData,
    DailyBaselineData,
    DailyModel,
    DailyReportingData,
)
from eemeter.eemeter.samples import load_sample

from chalicelib.metering import MeterFailure, run_meter
from infra.local import portfolio

TOLERANCE = 1e-9
TIMEZONE = "America/Chicago"


Windows: TypeAlias = dict[str, tuple[str, str]]


def meter_input(name: str) -> dict[str, Any]:
    """Return a sample's input that requests eemeter's own model and interval."""
    own = {"model_class": "BillingModel"} if "billing" in name else {"model_kwargs": {"refit_poor_search": False}}
    return portfolio.meter_input(name) | own | {"uncertainty": "guideline14"}


def windows_of(output: dict[str, Any]) -> Windows:
    """Return the start and end of each period of a meter output."""
    return {label: (model["start"], model["end"]) for label, model in output["models"].items()}


def directly(name: str, windows: Windows) -> dict[str, float]:
    """Use eemeter as its users do. Return each model's sum and half-width for each weather, and the observed sum."""
    meter, temperature, about = load_sample(name)
    billing, electricity = about["freq"].startswith("billing"), about["interpretation"] == "electricity"
    baseline_data, reporting_data, model_class = (
        (BillingBaselineData, BillingReportingData, BillingModel)
        if billing
        else (DailyBaselineData, DailyReportingData, DailyModel)
    )
    # the daily samples are days in Chicago, written as midnights in UTC
    meter = meter.tz_localize(None).tz_localize(TIMEZONE) if about["freq"] == "daily" else meter.tz_convert(TIMEZONE)
    if about["freq"] == "hourly":  # eemeter's own sums treat an hour without electricity as missing
        meter = meter.resample("D").sum()
    if billing:  # the samples are read at midnight standard time, in summer too
        meter.index = meter.index.tz_localize(None).normalize().tz_localize(TIMEZONE)
    data, models = {}, {}
    for label, (start, end) in windows.items():
        window = meter[start : pd.Timestamp(end) - pd.Timedelta(hours=0 if billing else 1)]
        data[label] = baseline_data.from_series(window, temperature, is_electricity_data=electricity)
        models[label] = model_class().fit(data[label], ignore_disqualification=label == "reporting")

    hours = [value for _, value in portfolio.meter_input(name)["weather_normal"]["records"]]
    index = pd.date_range("2015-01-01", "2016-01-01", freq="h", tz=TIMEZONE, inclusive="left")
    normal = pd.Series(np.roll(hours, -6), index=index)  # midnight in Chicago is 06:00 in UTC
    weather = {
        "normal year": reporting_data.from_series(None, normal, is_electricity_data=electricity),
        "reporting period": data["reporting"],
    }
    results = {"observed": data["reporting"].df["observed"].sum()}
    for label, model in models.items():
        fitted = model.predict(data[label], ignore_disqualification=True)[["observed", "predicted"]]
        parameters = sum(len(part.coefficients.to_np_array()) for part in model.params.submodels.values())
        for name_of_weather, days in weather.items():
            predicted = model.predict(days, ignore_disqualification=True)["predicted"]
            rows = pd.DataFrame({"observed": predicted, "predicted": predicted})
            if billing:
                months = 2 if about["freq"] == "billing_bimonthly" else 1
                bill = [(day.month - 1) // months for day in rows.index]
                rows = (
                    _by_bill(rows, meter)
                    if days is data["reporting"]
                    else rows.groupby(bill)
                    .sum()
                    .set_axis(rows.index[[i for i in range(len(bill)) if i == 0 or bill[i] != bill[i - 1]]])
                )
                half_width = _of_bills(_by_bill(fitted, meter), rows, parameters)
            else:
                metrics = BaselineMetrics(df=fitted, num_model_params=parameters)
                half_width = ReportingMetrics(
                    baseline_metrics=metrics, reporting_df=rows, data_frequency="daily", confidence_level=0.95
                ).total_savings_uncertainty
            results[f"{label} model, {name_of_weather}"] = predicted.sum()
            results[f"{label} model, {name_of_weather}, half-width"] = half_width
    return results


def through_run_meter(output: dict[str, Any]) -> dict[str, float]:
    """Return the same figures from a meter output."""
    results = {}
    for derivative in output["derivatives"]:
        weather = {"annualized_weather_normal": "normal year", "gross_predicted": "reporting period"}
        for label in ("baseline", "reporting"):
            value, half_width = derivative[f"{label}_value"], derivative[f"{label}_lower"]
            if derivative["interpretation"] == "gross_observed":
                if label == "reporting":
                    results["observed"] = value
            elif value is not None:
                key = f"{label} model, {weather[derivative['interpretation']]}"
                results |= {key: value, f"{key}, half-width": half_width}
    return results


def compare(name: str) -> float:
    """Return the largest relative difference of a sample's figures. Raises MeterFailure as `run_meter` does."""
    output = run_meter(meter_input(name))
    ours, theirs = through_run_meter(output), directly(name, windows_of(output))
    if output["models"]["reporting"]["status"] == "DISQUALIFIED":  # only the datastore omits this model
        theirs = {key: value for key, value in theirs.items() if not key.startswith("reporting model")}
    if ours.keys() != theirs.keys():
        raise AssertionError(f"{name}: {ours.keys() ^ theirs.keys()} is only on one side")
    return max(abs(ours[key] / theirs[key] - 1) for key in ours)


def _by_bill(days: pd.DataFrame, meter: pd.DataFrame) -> pd.DataFrame:
    bill = meter.index.searchsorted(days.index, "right") - 1
    return days.groupby(bill).sum().set_axis(meter.index[sorted(set(bill))])


def _of_bills(fitted: pd.DataFrame, predicted: pd.DataFrame, parameters: int) -> float:
    """Return the half-width by ASHRAE Guideline 14 for bills: n' = n, and the polynomial in months for billing data."""
    n, m, months = len(fitted), len(predicted), pd.DatetimeIndex(predicted.index).month.nunique()
    freedom = max(n - parameters, 2)
    rmse = np.sqrt(((fitted["observed"] - fitted["predicted"]) ** 2).sum() / freedom)
    t = t_stat(0.05, freedom) * np.polyval([-0.00022, 0.03306, 0.94054], months)
    return float(predicted["predicted"].sum() * t * rmse / fitted["observed"].mean() * np.sqrt((1 + 2 / n) / m))


def main(names: list[str]) -> int:
    worst = 0.0
    for name in names or portfolio.names():
        try:
            difference = compare(name)
        except MeterFailure as failure:
            print(f"{name:42} FAILED {failure}")
            continue
        worst = max(worst, difference)
        print(f"{name:42} {difference:.1e}")
    print(f"largest relative difference {worst:.1e}; at most {TOLERANCE:.0e} allowed")
    return int(worst > TOLERANCE)
