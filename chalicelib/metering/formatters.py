"""What turns readings and temperatures into the data that a model takes, and checks whether they suffice.

A formatter's `data` has eemeter's attributes: `df` with the columns observed and temperature (F), a row a step, and the
lists `warnings` and `disqualification`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from eemeter.eemeter import BillingBaselineData, BillingReportingData, DailyBaselineData, DailyReportingData

from chalicelib.metering.caltrack.data import BillData, normal_days
from chalicelib.metering.lean import hourly

ROW = ["temperature", "observed"]


@dataclass(frozen=True)
class Formatter:
    """How a run's readings become a model's rows.

    frequency: daily, billing or hourly, by which eemeter knows the uncertainty of savings. make: the data of readings
    (by the start of each), hourly temperatures (both in the project's time zone) and whether they are electricity's.
    normal: the temperatures of a normal year's rows, of its hours and whether they are for electricity. criteria: whose
    sufficiency criteria `make` applies. nearest_year: whether a period is the bills that come nearest to 365 days,
    rather than at most 365 days.
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
        """The temperature and the reading of each row, NaN where eemeter has filled one in."""
        rows: pd.DataFrame = data.df.reindex(columns=ROW)
        for column in ROW:
            if f"interpolated_{column}" in data.df:
                rows[column] = rows[column].where(data.df[f"interpolated_{column}"] != 1)
        return rows


MONTHLY = "eemeter.sufficiency_criteria.missing_monthly_temperature_data"
LENGTH = "eemeter.sufficiency_criteria.incorrect_number_of_total_days"
LEAP_YEAR = 366  # days


COUNTED = {  # eemeter's criteria of 90 % of a period's days, and what these have to have
    "eemeter.sufficiency_criteria.too_many_days_with_missing_data": ["observed", "temperature"],
    "eemeter.sufficiency_criteria.too_many_days_with_missing_meter_data": ["observed"],
    "eemeter.sufficiency_criteria.too_many_days_with_missing_temperature_data": ["temperature"],
}
ENOUGH = 0.9  # CalTRACK 2.2.1.2


def _is_enough(criterion: Any, days: pd.DataFrame) -> bool:
    """Whether a criterion of 90 % is met after all, each day counted."""
    columns = COUNTED.get(criterion.qualified_name)
    return columns is not None and len(days[columns].dropna()) >= ENOUGH * criterion.data["n_days_total"]


class DaysBaselineData(DailyBaselineData):  # type: ignore[misc]  # eemeter has no types
    """Readings that are known to be days, so that eemeter's criteria count those that are missing.

    eemeter itself looks at the days that have a value: when every third is missing, it takes the others for bills.
    A month without temperatures is a warning: CalTRACK's daily method asks for 90 % of all days (2.2.1.2), not of those
    of each month. A reporting window of a leap year has 366 days, which eemeter would find one too many. It also leaves
    out the last day of a period, and the days on which clocks change, when it counts those that have data.
    """

    def _check_data_sufficiency(self, sufficiency_df: pd.DataFrame) -> tuple[list[Any], list[Any]]:
        disqualification, warnings = super()._check_data_sufficiency(sufficiency_df)
        months = [criterion for criterion in disqualification if criterion.qualified_name == MONTHLY]
        leap = [
            one for one in disqualification if one.qualified_name == LENGTH and one.data["n_days_total"] == LEAP_YEAR
        ]
        counted = [one for one in disqualification if _is_enough(one, sufficiency_df)]
        return [one for one in disqualification if one not in months + leap + counted], warnings + months

    def _compute_meter_value_df(self, df: pd.DataFrame) -> pd.DataFrame:
        return df["observed"].resample("D").first().to_frame()


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
