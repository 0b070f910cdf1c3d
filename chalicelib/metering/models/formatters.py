"""Formatters turn readings and temperatures into the input data of a model, and check their sufficiency.

A formatter's `data` has eemeter's attributes: `df`, with the columns observed and temperature (F) and a row per day or
hour, and the lists `warnings` and `disqualification`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from eemeter.eemeter import BillingBaselineData, BillingReportingData, DailyBaselineData, DailyReportingData

from chalicelib.metering.lean import hourly
from chalicelib.metering.models import day_rows
from chalicelib.metering.models.caltrack.data import MIN_COVERAGE, BillData, normal_days

ROW = ["temperature", "observed"]
MIN_DAY_COVERAGE = 0.5  # of the hours of a day, below which eemeter uses no temperature


@dataclass(frozen=True)
class Formatter:
    """How a run's readings become the rows that a model is fitted to.

    frequency: daily, billing or hourly; eemeter's data frequency for the uncertainty of savings. make: builds the data
    from readings (by start), hourly temperatures (both in the project's time zone) and whether they are electricity.
    normal: the temperatures of the rows of a normal year, from its hours and whether it is for electricity. criteria:
    whose sufficiency criteria `make` applies. nearest_year: whether a period consists of the bills whose total length
    is closest to 365 days, rather than at most 365 days.
    """

    name: str
    frequency: str
    make: Callable[[pd.Series, pd.Series, bool], Any]
    normal: Callable[[pd.Series, bool], pd.Series]
    criteria: str = "eemeter"
    nearest_year: bool = False

    @property
    def is_hourly(self) -> bool:
        """Whether a row is an hour rather than a day."""
        return self.frequency == "hourly"

    def rows(self, data: Any) -> pd.DataFrame:
        """Return the temperature and reading of each row; NaN where eemeter has filled one in."""
        rows: pd.DataFrame = data.df.reindex(columns=ROW)
        for column in ROW:
            if f"interpolated_{column}" in data.df:
                rows[column] = rows[column].where(data.df[f"interpolated_{column}"] != 1)
        return rows


MONTHLY_COVERAGE = "eemeter.sufficiency_criteria.missing_monthly_temperature_data"
LENGTH = "eemeter.sufficiency_criteria.incorrect_number_of_total_days"
LEAP_YEAR = 366  # days


COVERAGE_COLUMNS = {  # eemeter's criteria of 90 % coverage, and the columns that a day needs to count
    "eemeter.sufficiency_criteria.too_many_days_with_missing_data": ["observed", "temperature"],
    "eemeter.sufficiency_criteria.too_many_days_with_missing_meter_data": ["observed"],
    "eemeter.sufficiency_criteria.too_many_days_with_missing_temperature_data": ["temperature"],
}


def _is_met(criterion: Any, days: pd.DataFrame) -> bool:
    """Return whether a coverage criterion is met when every day is counted."""
    columns = COVERAGE_COLUMNS.get(criterion.qualified_name)
    return columns is not None and len(days[columns].dropna()) >= MIN_COVERAGE * criterion.data["n_days_total"]


class DaysBaselineData(DailyBaselineData):  # type: ignore[misc]  # eemeter has no types
    """Daily baseline data that counts missing days correctly.

    eemeter infers the frequency from the days that have a value: if every third day is missing, it treats the others as
    bills. These readings are known to be daily. Five of eemeter's criteria are corrected: a month without temperatures
    is only a warning, since CalTRACK's daily method requires 90 % of all days (2.2.1.2), not of each month; a reporting
    window of a leap year may have 366 days; and the days with data include the last day of the period and the days of
    clock changes.
    """

    def _check_data_sufficiency(self, sufficiency_df: pd.DataFrame) -> tuple[list[Any], list[Any]]:
        disqualification, warnings = super()._check_data_sufficiency(sufficiency_df)
        months = [criterion for criterion in disqualification if criterion.qualified_name == MONTHLY_COVERAGE]
        leap = [
            one for one in disqualification if one.qualified_name == LENGTH and one.data["n_days_total"] == LEAP_YEAR
        ]
        met = [one for one in disqualification if _is_met(one, sufficiency_df)]
        return [one for one in disqualification if one not in months + leap + met], warnings + months

    @classmethod
    def from_series(
        cls, meter_data: pd.Series, temperature_data: pd.Series, is_electricity_data: bool
    ) -> "DaysBaselineData":
        """Join the readings and the temperatures; any but successive days with their hours are left to eemeter."""
        rows = day_rows.joined(meter_data, temperature_data)
        if rows is not None:
            return cls(rows, is_electricity_data)
        data: DaysBaselineData = super().from_series(meter_data, temperature_data, is_electricity_data)
        return data

    def _compute_meter_value_df(self, df: pd.DataFrame) -> pd.DataFrame:
        return day_rows.first_of_day(df["observed"]).to_frame()

    def _compute_temperature_features(
        self, df: pd.DataFrame, meter_index: pd.DatetimeIndex
    ) -> tuple[pd.Series, pd.DataFrame]:
        if pd.DatetimeIndex(df.index).freq == "h":
            features = day_rows.temperature_features(df["temperature"], meter_index)
            known, missing = features["temperature_not_null"], features["temperature_null"]
            if (known / (known + missing) > MIN_DAY_COVERAGE).all():
                return features.pop("temperature_mean").rename("temperature"), features
        found: tuple[pd.Series, pd.DataFrame] = super()._compute_temperature_features(df, meter_index)
        return found  # eemeter warns of days with few hours

    def _merge_meter_temp(self, meter: pd.DataFrame, temp: pd.Series) -> pd.DataFrame:
        if meter["observed"].notna().any() and meter.index.equals(temp.index):
            return day_rows.with_kinds_of_day(temp, meter["observed"])
        merged: pd.DataFrame = super()._merge_meter_temp(meter, temp)
        return merged


def _from_series(kind: Any) -> Callable[[pd.Series, pd.Series, bool], Any]:
    return lambda readings, hours, electricity: kind.from_series(readings, hours, is_electricity_data=electricity)


def _daily_means(kind: Any) -> Callable[[pd.Series, bool], pd.Series]:
    return lambda hours, electricity: kind.from_series(None, hours, is_electricity_data=electricity).df["temperature"]


def _hours(readings: pd.Series, hours: pd.Series, electricity: bool) -> Any:
    return hourly().baseline_data(readings, hours, electricity)


FORMATTERS = (
    Formatter("daily", "daily", _from_series(DaysBaselineData), _daily_means(DailyReportingData)),
    Formatter("billing", "billing", _from_series(BillingBaselineData), _daily_means(BillingReportingData)),
    Formatter("caltrack_billing", "billing", BillData.from_series, normal_days, "CalTRACK", True),
    Formatter("hourly", "hourly", _hours, lambda hours, electricity: hours),
)
