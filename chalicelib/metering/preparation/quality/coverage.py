"""Explain why rows cannot be used: sufficiency criteria that count days are reported with the causes of the count."""

import math
from dataclasses import dataclass

import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.models.caltrack.data import MIN_COVERAGE, MIN_DAYS
from chalicelib.metering.preparation.quality.findings import spans

DAY_COUNT_CRITERIA = {  # eemeter's criteria that count days
    "incorrect_number_of_total_days",
    "too_many_days_with_missing_data",
    "too_many_days_with_missing_meter_data",
    "too_many_days_with_missing_temperature_data",
    "no_data",
}
MONTHLY_CRITERIA = {"missing_monthly_temperature_data": "temperature", "missing_monthly_meter_data": "observed"}
ZERO_SUBSTITUTE = 1e-3  # kWh; replaces a reading of 0 that a formatter would treat as missing


@dataclass(frozen=True)
class Coverage:
    """The rows of a period (days or hours), and why some cannot be used.

    rows: temperature and observed energy of each row, NaN if missing. readings: start, end and value, with the flags
    `zero` (a reading of 0 that counts as missing) and `outlier` (an excluded outlier).
    """

    rows: pd.DataFrame
    readings: pd.DataFrame
    days_without_temperature: pd.DatetimeIndex
    is_hourly: bool

    def explained(self, criteria: list[EEMeterWarning]) -> list[EEMeterWarning]:
        """Return the criteria, adding causes to the data of those that count days, and months to the monthly ones."""
        return [self._explained(criterion) for criterion in criteria]

    def _explained(self, criterion: EEMeterWarning) -> EEMeterWarning:
        short = criterion.qualified_name.rpartition(".")[2]
        if short in DAY_COUNT_CRITERIA:
            data = {**(criterion.data or {}), **self._account()}
        elif short in MONTHLY_CRITERIA:
            data = {**(criterion.data or {}), "months": self.poor_months(MONTHLY_CRITERIA[short])}
        elif isinstance(criterion.data, dict):
            data = {key: 0.0 if value == ZERO_SUBSTITUTE else value for key, value in criterion.data.items()}
        else:
            return criterion
        return criterion.model_copy(update={"data": data})

    def poor_months(self, column: str) -> list[str]:
        """Return the calendar months in which less than 90 % of the rows have a value."""
        months = pd.DatetimeIndex(self.rows.index).strftime("%Y-%m")
        known = self.rows[column].notna().groupby(months).agg(["sum", "size"])
        poor = known[known["sum"] < MIN_COVERAGE * known["size"]]
        step = "hours" if self.is_hourly else "days"
        return [f"{month} ({row['sum']} of {row['size']} {step})" for month, row in poor.iterrows()]

    def _account(self) -> dict[str, object]:
        step = pd.Timedelta(hours=1 if self.is_hourly else 24)
        start, end = self.readings["start"].min(), self.readings["end"].max()
        total = round((end - start) / step)
        return {
            "rows_used": len(self.rows[["temperature", "observed"]].dropna()),
            "rows_total": total,
            "rows_needed": max(MIN_DAYS * (24 if self.is_hourly else 1), math.ceil(MIN_COVERAGE * total)),
            "step": "hours" if self.is_hourly else "days",
            "causes": self._causes(step, start, end),
        }

    def _causes(self, step: pd.Timedelta, start: pd.Timestamp, end: pd.Timestamp) -> list[str]:
        name = "hours" if self.is_hourly else "days"
        readings = self.readings
        length = (readings["end"] - readings["start"]).dt.total_seconds() / step.total_seconds()
        null = readings["value"].isna() & ~readings["zero"] & ~readings["outlier"]
        causes = []
        if round((end - start) / pd.Timedelta(days=1)) < MIN_DAYS:
            causes.append(f"the readings begin on {start:%Y-%m-%d} and end on {end:%Y-%m-%d}")
        if readings["zero"].any():
            causes.append(
                f"{int(readings['zero'].sum())} readings are 0, which counts as missing for electricity (CalTRACK"
                ' 2.2.1.4); if they are real, as on a submeter, set "zero_is_reading": true on the trace'
            )
        if null.any():
            causes.append(f"{round(length[null].sum())} {name} have no reading ({self._dates(null)})")
        if readings["outlier"].any():
            count = round(length[readings["outlier"]].sum())
            causes.append(f"{count} {name} are excluded outliers ({self._dates(readings['outlier'])})")
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
