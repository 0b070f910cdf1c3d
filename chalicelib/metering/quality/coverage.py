"""Why days cannot be used: a criterion that counts days is told with the causes behind the count."""

import math
from dataclasses import dataclass

import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.caltrack.data import LEAST_DAYS
from chalicelib.metering.quality.findings import spans

COUNTING = {  # eemeter's criteria that count days
    "incorrect_number_of_total_days",
    "too_many_days_with_missing_data",
    "too_many_days_with_missing_meter_data",
    "too_many_days_with_missing_temperature_data",
    "no_data",
}
MONTHLY = {"missing_monthly_temperature_data": "temperature", "missing_monthly_meter_data": "observed"}
READ_AS_ZERO = 1e-3  # kWh; stands for 0 in readings that a formatter would take as missing
ENOUGH = 0.9  # of a period's days, and of a month's


@dataclass(frozen=True)
class Accounts:
    """The rows of a period, days or hours, and why some cannot be used.

    rows: temperature and observed of each, NaN where there is none. readings: start, end and value, with `zero`, a
    reading of 0 that counts as missing, and `outlier`, one that was left out.
    """

    rows: pd.DataFrame
    readings: pd.DataFrame
    days_without_temperature: pd.DatetimeIndex
    is_hourly: bool

    def explained(self, criteria: list[EEMeterWarning]) -> list[EEMeterWarning]:
        """The criteria, with the causes in the data of those that count days, and the months of those by month."""
        return [self._explained(criterion) for criterion in criteria]

    def _explained(self, criterion: EEMeterWarning) -> EEMeterWarning:
        short = criterion.qualified_name.rpartition(".")[2]
        if short in COUNTING:
            data = {**(criterion.data or {}), **self._account()}
        elif short in MONTHLY:
            data = {**(criterion.data or {}), "months": self.poor_months(MONTHLY[short])}
        elif isinstance(criterion.data, dict):
            data = {key: 0.0 if value == READ_AS_ZERO else value for key, value in criterion.data.items()}
        else:
            return criterion
        return criterion.model_copy(update={"data": data})

    def poor_months(self, column: str) -> list[str]:
        """The calendar months of which less than nine tenths of the rows have a value."""
        months = pd.DatetimeIndex(self.rows.index).strftime("%Y-%m")
        known = self.rows[column].notna().groupby(months).agg(["sum", "size"])
        poor = known[known["sum"] < ENOUGH * known["size"]]
        step = "hours" if self.is_hourly else "days"
        return [f"{month} ({row['sum']} of {row['size']} {step})" for month, row in poor.iterrows()]

    def _account(self) -> dict[str, object]:
        step = pd.Timedelta(hours=1 if self.is_hourly else 24)
        start, end = self.readings["start"].min(), self.readings["end"].max()
        total = round((end - start) / step)
        return {
            "rows_used": len(self.rows[["temperature", "observed"]].dropna()),
            "rows_total": total,
            "rows_needed": max(LEAST_DAYS * (24 if self.is_hourly else 1), math.ceil(ENOUGH * total)),
            "step": "hours" if self.is_hourly else "days",
            "causes": self._causes(step, start, end),
        }

    def _causes(self, step: pd.Timedelta, start: pd.Timestamp, end: pd.Timestamp) -> list[str]:
        name = "hours" if self.is_hourly else "days"
        readings = self.readings
        length = (readings["end"] - readings["start"]).dt.total_seconds() / step.total_seconds()
        null = readings["value"].isna() & ~readings["zero"] & ~readings["outlier"]
        causes = []
        if round((end - start) / pd.Timedelta(days=1)) < LEAST_DAYS:
            causes.append(f"its readings begin on {start:%Y-%m-%d} and end on {end:%Y-%m-%d}")
        if readings["zero"].any():
            causes.append(
                f"{int(readings['zero'].sum())} readings are 0, and electricity of 0 counts as missing (CalTRACK"
                ' 2.2.1.4) unless the trace has "zero_is_reading": true, as a submeter may'
            )
        if null.any():
            causes.append(f"{round(length[null].sum())} {name} have no reading ({self._dates(null)})")
        if readings["outlier"].any():
            count = round(length[readings["outlier"]].sum())
            causes.append(f"{count} {name} are outliers that were left out ({self._dates(readings['outlier'])})")
        if len(self.days_without_temperature):
            causes.append(
                f"{len(self.days_without_temperature)} days have temperatures for less than half of their hours"
                f" ({_listed(self.days_without_temperature)})"
            )
        return causes

    def _dates(self, wanted: "pd.Series[bool]") -> str:
        starts = pd.DatetimeIndex(self.readings["start"][wanted])
        timezone = pd.DatetimeIndex(self.rows.index).tz
        return _listed(starts.tz_convert(timezone) if timezone is not None else starts)


def _listed(days: pd.DatetimeIndex) -> str:
    found = spans(days)
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
