"""The input data of CalTRACK's billing method, and their sufficiency (CalTRACK 2.0, section 2.2).

The criteria are CalTRACK's own rather than eemeter 4's: a period consists of the complete bills whose total length is
closest to 365 days, and the usable bills must cover 90 % of 365 days. Unlike CalTRACK, which drops monthly bills of
more than 35 days (2.2.3.5), this method keeps the bimonthly bill that results from a skipped read: each bill has its
own degree days, so its length does not bias the regression.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.inputs.frequency import LONGEST_BILL_DAYS
from chalicelib.metering.models.caltrack.degree_days import Floats, daily_means, local_days

SHORTEST_BILL = 25  # days; CalTRACK 2.2.3.4
MIN_COVERAGE = 0.9  # of the days of a period; CalTRACK 2.2.1.2
MIN_DAYS = math.ceil(MIN_COVERAGE * 365)
MIN_TEMPERATURE_COVERAGE = 0.9  # of a bill's days; CalTRACK 2.2.3.2
EXTREME = 3  # interquartile ranges from the median; CalTRACK 2.3.6


@dataclass(frozen=True)
class BillData:
    """The bills of one period, with the attributes of eemeter's data classes.

    df: a row per day of the building's calendar: temperature (F), observed (energy, a bill spread evenly over its days;
    NaN if the bill is excluded), and the bill number. electricity: electricity rather than gas. warnings,
    disqualification: the findings, with the bills concerned.
    """

    df: pd.DataFrame
    electricity: bool
    warnings: list[EEMeterWarning]
    disqualification: list[EEMeterWarning]

    @classmethod
    def from_series(cls, readings: "pd.Series[float]", hours: "pd.Series[float]", electricity: bool) -> "BillData":
        """Create the data from bills by start (local midnight; NaN at a gap or the end) and hourly temperatures (F)."""
        starts = pd.DatetimeIndex(readings.index)
        days = local_days(starts[0], starts[-1])
        temperature, _ = daily_means(hours, starts[0], starts[-1])
        bill = np.searchsorted(starts.asi8, days.asi8, side="right") - 1
        length = np.bincount(bill, minlength=len(starts) - 1)
        energy = readings.to_numpy(dtype=np.float64)[:-1]
        unused = _unused(energy, length, np.bincount(bill, weights=np.isfinite(temperature)) / length, electricity)
        counts = np.array([reason is None for reason in unused])
        observed = np.where(counts, energy / length, np.nan)[bill]
        table = pd.DataFrame({"start": starts[:-1], "end": starts[1:], "energy": energy, "days": length})
        table["unused"] = unused
        df = pd.DataFrame({"temperature": temperature, "observed": observed, "bill": bill}, index=days)
        return cls(df, electricity, *_check_sufficiency(table, electricity))


def normal_days(hours: "pd.Series[float]", electricity: bool) -> "pd.Series[float]":
    """Return the daily mean temperatures (F) of a normal year, given its hours."""
    index = pd.DatetimeIndex(hours.index)
    first, end = index[0], index[-1] + pd.Timedelta(hours=1)
    return pd.Series(daily_means(hours, first, end)[0], index=local_days(first, end))


def _unused(energy: Floats, days: npt.NDArray[np.int64], temperatures: Floats, electricity: bool) -> list[str | None]:
    """Return why each bill is excluded; None for a usable one.

    A bill of less than 25 days is an off-cycle read, unless the meter is usually read that often.
    """
    off_cycle = SHORTEST_BILL if np.median(days) >= SHORTEST_BILL else 0
    reasons: list[str | None] = []
    for value, length, share in zip(energy.tolist(), days.tolist(), temperatures.tolist(), strict=True):
        if math.isnan(value):
            reasons.append(
                "no reading"
                if length <= LONGEST_BILL_DAYS
                else f"no actual read within {LONGEST_BILL_DAYS} days to replace its estimates"
            )
        elif electricity and value == 0:
            reasons.append('0, which counts as missing for electricity unless the trace has "zero_is_reading": true')
        elif length > LONGEST_BILL_DAYS:
            reasons.append(f"longer than {LONGEST_BILL_DAYS} days")
        elif length < off_cycle:
            reasons.append(f"an off-cycle read, shorter than {SHORTEST_BILL} days")
        elif share < MIN_TEMPERATURE_COVERAGE:
            reasons.append(
                f"only {share:.0%} of its days have a temperature, but {MIN_TEMPERATURE_COVERAGE:.0%} are required"
            )
        else:
            reasons.append(None)
    return reasons


def _check_sufficiency(bills: pd.DataFrame, electricity: bool) -> tuple[list[EEMeterWarning], list[EEMeterWarning]]:
    """Return warnings and disqualifying criteria.

    bills: columns start, end, energy, days, and unused (why a bill is excluded).
    """
    counts = bills["unused"].isna()
    used = bills[counts]
    warnings, disqualification = [], []
    unused = [f"{_dates(bill)}, {bill.unused}" for bill in bills[~counts].itertuples()]
    if unused:
        warnings.append(_criterion("unused_bills", "Some bills are excluded.", bills=unused))
    if used["days"].sum() < MIN_DAYS:
        disqualification.append(
            _criterion(
                "too_few_days_in_bills",
                "The usable bills cover less than 90 % of 365 days.",
                n_days=int(used["days"].sum()),
                n_days_needed=MIN_DAYS,
                used=[_dates(bill) for bill in used.itertuples()],
                unused=unused,
            )
        )
    negative = [f"{_dates(bill)}, {bill.energy:.4g}" for bill in used[used["energy"] < 0].itertuples()]
    if negative and not electricity:
        disqualification.append(_criterion("negative_bills", "Gas bills are negative.", bills=negative))
    warnings += _extreme(used.assign(per_day=used["energy"] / used["days"]))
    if str(bills["start"].dt.tz) == "UTC":
        description = "The project's days begin at midnight UTC."
        warnings.append(EEMeterWarning(qualified_name="datastore.caltrack.utc_index", description=description, data={}))
    return warnings, disqualification


def _extreme(used: pd.DataFrame) -> list[EEMeterWarning]:
    """Return a warning for bills whose energy per day should be reviewed (CalTRACK 2.3.6); they are still used."""
    if used.empty:
        return []
    low, median, high = used["per_day"].quantile([0.25, 0.5, 0.75])
    limit = float(median + EXTREME * (high - low))
    bills = [f"{_dates(bill)}, {bill.per_day:.4g} per day" for bill in used[used["per_day"] > limit].itertuples()]
    if not bills:
        return []
    description = "Bills are more than three interquartile ranges above the median."
    return [_criterion("extreme_bills", description, limit=limit, median=float(median), bills=bills)]


def _criterion(name: str, description: str, **data: Any) -> EEMeterWarning:
    return EEMeterWarning(qualified_name=f"datastore.caltrack.{name}", description=description, data=data)


def _dates(bill: Any) -> str:
    return f"{bill.start:%Y-%m-%d} to {bill.end:%Y-%m-%d} ({bill.days} days)"
