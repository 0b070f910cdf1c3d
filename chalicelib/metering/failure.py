"""The exceptions of this package."""

from typing import Any

from chalicelib.vocabulary import FailureReason


class MeterFailure(Exception):
    """The data or the request cannot give a result; `str()` explains why to the person who requested the run.

    reason: the category by which failures are counted. data_quality: the data-quality report by period, as far as it is
    available, in plain JSON values; if raised by `read_period`, the report of that period.
    """

    reason: FailureReason = "data"
    data_quality: dict[str, Any] | None = None


class NoReadings(MeterFailure):
    """A period has no complete readings."""


class SufficiencyFailure(MeterFailure):
    """The data do not meet the sufficiency criteria."""

    reason: FailureReason = "sufficiency"


class WeatherFailure(MeterFailure):
    """Temperatures are missing or unusable."""

    reason: FailureReason = "weather"


class ModelFailure(MeterFailure):
    """The model is unknown, does not accept the arguments, or cannot be fitted to the data."""

    reason: FailureReason = "model"


class NoHourlyModels(ModelFailure):
    """The packages of the hourly models are not installed here."""
