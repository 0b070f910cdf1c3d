"""Pure computation: a serialized meter input goes in, a meter output comes out. No AWS, no clock, no environment."""

from chalicelib.metering import lean  # noqa: F401  # before whatever imports eemeter
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
