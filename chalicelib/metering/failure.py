"""The errors of this package."""

from typing import Any

from chalicelib.vocabulary import FailureReason


class MeterFailure(Exception):
    """The data or the request cannot give a result; `str()` says why, to the person who asked for the run.

    reason: one word for its kind, by which failures are counted. data_quality: the report on the data by period, as
    far as it was made, in plain JSON values; of one that `read_period` raises, the report of that period.
    """

    reason: FailureReason = "data"
    data_quality: dict[str, Any] | None = None


class NoReadings(MeterFailure):
    """A period has no whole readings."""


class SufficiencyFailure(MeterFailure):
    """eemeter's sufficiency criteria disqualify the data."""

    reason: FailureReason = "sufficiency"


class WeatherFailure(MeterFailure):
    """Temperatures are missing, or do not fit."""

    reason: FailureReason = "weather"


class ModelFailure(MeterFailure):
    """There is no such model, it does not take these arguments, or it cannot be computed from these data."""

    reason: FailureReason = "model"


class NoHourlyModels(ModelFailure):
    """The hourly models are not installed here."""
