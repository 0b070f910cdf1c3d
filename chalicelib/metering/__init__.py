"""Pure functions from a serialized meter input to a meter output. No AWS, clock or environment variables.

`run_meter` (meter.py) goes through the folders in this order; each imports only from those before it.

inputs       reads the document into a trace, a project and weather
models       chooses the model and its formatter
preparation  cuts the readings into the two modeling periods, adds temperatures, and checks the quality of both
fitting      fits the model to each period
uncertainty  estimates the spread of sums of predictions
results      computes derivatives, savings and the sums for plots

acceleration runs eemeter's fits faster, and lean.py imports eemeter without the packages that most runs do not need.
`check_meter` (check.py) stops before fitting. changed.py names the settings that a run changed. stations.py matches
weather stations to a ZIP code before a run.
"""

from chalicelib.metering import lean  # noqa: F401  # must come before any import of eemeter
from chalicelib.metering.changed import changed_settings
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
    "changed_settings",
    "check_meter",
    "run_meter",
]
