"""Pure functions from a serialized meter input to a meter output. No AWS, clock or environment variables."""

from chalicelib.metering import lean  # noqa: F401  # must come before any import of eemeter
from chalicelib.metering.check import check_meter
from chalicelib.metering.failure import MeterFailure, ModelFailure, NoHourlyModels, WeatherFailure
from chalicelib.metering.meter import DATASTORE_VERSION, EEMETER_VERSION, run_meter

__all__ = [
    "DATASTORE_VERSION",
    "EEMETER_VERSION",
    "MeterFailure",
    "ModelFailure",
    "NoHourlyModels",
    "WeatherFailure",
    "check_meter",
    "run_meter",
]
