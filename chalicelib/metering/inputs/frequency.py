"""The reading frequency of a trace."""

from dataclasses import dataclass

import pandas as pd

from chalicelib.metering.failure import MeterFailure

_MINUTE = pd.Timedelta(minutes=1)
_DAY = pd.Timedelta(days=1)
LONGEST_BILL_DAYS = 70  # CalTRACK 2.2.3.5
LONGEST_BILL = LONGEST_BILL_DAYS * _DAY
# the longest bill, in days
_BILLING = {"billing_monthly": 35, "billing_bimonthly": LONGEST_BILL_DAYS}


@dataclass(frozen=True)
class Frequency:
    """A reading frequency.

    name: daily, hourly, billing_monthly, billing_bimonthly, or minutes such as 15min. longest: the longest valid
    reading; for readings of less than a day, their usual length.
    """

    name: str
    longest: pd.Timedelta

    @property
    def is_billing(self) -> bool:
        """Whether the readings are bills."""
        return self.name in _BILLING

    @property
    def minutes(self) -> float | None:
        """The length of a reading of less than a day; None for days and bills."""
        return None if self.is_billing or self.name == "daily" else self.longest / _MINUTE

    @property
    def typical(self) -> pd.Timedelta:
        """The usual length of a reading; not defined for bills."""
        return _DAY if self.name == "daily" else self.longest


DAILY = Frequency("daily", pd.Timedelta(hours=25))  # the day on which clocks are set back
MONTHLY = Frequency("billing_monthly", _BILLING["billing_monthly"] * _DAY)
HOURLY = Frequency("hourly", pd.Timedelta(hours=1))


def find_frequency(readings: pd.DataFrame) -> Frequency:
    """Return the frequency, by the median length of the readings: robust to gaps, clock changes and unusual bills."""
    length = pd.Timedelta((readings["end"] - readings["start"]).median())
    if length < pd.Timedelta(hours=23):
        minutes = round(length / _MINUTE)
        return Frequency("hourly" if minutes == 60 else f"{minutes}min", length)
    if length <= pd.Timedelta(hours=25):
        return DAILY
    for name, days in _BILLING.items():
        if length <= days * _DAY:
            return Frequency(name, days * _DAY)
    raise MeterFailure(
        f"The trace is read about every {length / _DAY:.0f} days, but bills may cover at most {LONGEST_BILL_DAYS}"
        " days: post monthly or bimonthly bills."
    )
