"""Bills and temperatures as CalTRACK's billing method takes them, and whether they suffice (CalTRACK 2.0, section 2.2).

The method's own criteria, rather than eemeter 4's: a period is as many whole bills as come nearest to 365 days, and
90 % of 365 days have to be in bills that count. Where CalTRACK drops monthly bills of more than 35 days (2.2.3.5), a
skipped read is kept here as the bimonthly bill that it makes: degree days are a bill's own, so it misleads nothing.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.caltrack.degree_days import Floats, daily_means, local_days

SHORTEST_BILL, LONGEST_BILL = 25, 70  # days; CalTRACK 2.2.3.4 and 2.2.3.5
LEAST_DAYS = math.ceil(0.9 * 365)  # CalTRACK 2.2.1.2
LEAST_TEMPERATURES = 0.9  # of a bill's days; CalTRACK 2.2.3.2
EXTREME = 3  # interquartile ranges above the median; CalTRACK 2.3.6


@dataclass(frozen=True)
class BillData:
    """The bills of one period, with the attributes that eemeter's data have.

    df: a row a day of the building's calendar: temperature (F), observed (energy, a bill spread evenly over its days;
    NaN where the bill does not count), and the number of the bill. electricity: whether it is, rather than gas.
    warnings, disqualification: what was found, by bill.
    """

    df: pd.DataFrame
    electricity: bool
    warnings: list[EEMeterWarning]
    disqualification: list[EEMeterWarning]

    @classmethod
    def from_series(cls, readings: "pd.Series[float]", hours: "pd.Series[float]", electricity: bool) -> "BillData":
        """Of bills by their start (local midnights, NaN where none follows) and temperatures (F) by the hour."""
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
        return cls(df, electricity, *_judge(table, electricity))


def normal_days(hours: "pd.Series[float]", electricity: bool) -> "pd.Series[float]":
    """The mean temperatures (F) of the days of a normal year, of its hours."""
    index = pd.DatetimeIndex(hours.index)
    first, end = index[0], index[-1] + pd.Timedelta(hours=1)
    return pd.Series(daily_means(hours, first, end)[0], index=local_days(first, end))


def _unused(energy: Floats, days: npt.NDArray[np.int64], temperatures: Floats, electricity: bool) -> list[str | None]:
    """Why each bill does not count; None for one that does.

    A bill of less than 25 days is an off-cycle read, unless the meter is always read as often.
    """
    off_cycle = SHORTEST_BILL if np.median(days) >= SHORTEST_BILL else 0
    reasons: list[str | None] = []
    for value, length, share in zip(energy.tolist(), days.tolist(), temperatures.tolist(), strict=True):
        if math.isnan(value):
            within = "" if length <= LONGEST_BILL else f" within {LONGEST_BILL} days that would settle its estimates"
            reasons.append(f"no reading{within}")
        elif electricity and value == 0:
            reasons.append('0, which is a missing reading of electricity unless the trace has "zero_is_reading": true')
        elif length > LONGEST_BILL:
            reasons.append(f"longer than {LONGEST_BILL} days")
        elif length < off_cycle:
            reasons.append(f"an off-cycle read, shorter than {SHORTEST_BILL} days")
        elif share < LEAST_TEMPERATURES:
            reasons.append(f"only {share:.0%} of its days have a temperature, and {LEAST_TEMPERATURES:.0%} are needed")
        else:
            reasons.append(None)
    return reasons


def _judge(bills: pd.DataFrame, electricity: bool) -> tuple[list[EEMeterWarning], list[EEMeterWarning]]:
    """Warnings and what disqualifies: columns start, end, energy, days, and unused, why a bill does not count."""
    counts = bills["unused"].isna()
    used = bills[counts]
    warnings, disqualification = [], []
    unused = [f"{_dates(bill)}, {bill.unused}" for bill in bills[~counts].itertuples()]
    if unused:
        warnings.append(_criterion("unused_bills", "Bills that do not count.", bills=unused))
    if used["days"].sum() < LEAST_DAYS:
        disqualification.append(
            _criterion(
                "too_few_days_in_bills",
                "The bills that count cover less than 90 % of 365 days.",
                n_days=int(used["days"].sum()),
                n_days_needed=LEAST_DAYS,
                used=[_dates(bill) for bill in used.itertuples()],
                unused=unused,
            )
        )
    negative = [f"{_dates(bill)}, {bill.energy:.4g}" for bill in used[used["energy"] < 0].itertuples()]
    if negative and not electricity:
        disqualification.append(_criterion("negative_bills", "Gas bills below 0.", bills=negative))
    warnings += _extreme(used.assign(per_day=used["energy"] / used["days"]))
    if str(bills["start"].dt.tz) == "UTC":
        description = "The building's days are those of UTC."
        warnings.append(EEMeterWarning(qualified_name="datastore.caltrack.utc_index", description=description, data={}))
    return warnings, disqualification


def _extreme(used: pd.DataFrame) -> list[EEMeterWarning]:
    """Bills whose energy per day is to be reviewed (CalTRACK 2.3.6); they count all the same."""
    if used.empty:
        return []
    low, median, high = used["per_day"].quantile([0.25, 0.5, 0.75])
    limit = float(median + EXTREME * (high - low))
    bills = [f"{_dates(bill)}, {bill.per_day:.4g} a day" for bill in used[used["per_day"] > limit].itertuples()]
    if not bills:
        return []
    description = "Bills above the median and three times the interquartile range."
    return [_criterion("extreme_bills", description, limit=limit, median=float(median), bills=bills)]


def _criterion(name: str, description: str, **data: Any) -> EEMeterWarning:
    return EEMeterWarning(qualified_name=f"datastore.caltrack.{name}", description=description, data=data)


def _dates(bill: Any) -> str:
    return f"{bill.start:%Y-%m-%d} to {bill.end:%Y-%m-%d} ({bill.days} days)"
