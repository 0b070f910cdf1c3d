"""Every environment variable, typed, read once."""

import os
from dataclasses import dataclass
from functools import cache

NO_SOURCE = "none"  # of weather: nothing is fetched


@dataclass(frozen=True)
class Settings:
    """What the template tells the functions (`Globals` in infra/template/resources.yaml)."""

    table_prefix: str
    bucket: str
    meter_queue_url: str
    hourly_queue_url: str  # of the worker that has the hourly models; empty: there is none
    state_machine_arn: str
    check_function: str  # the name of the one that checks meter runs; empty: for those that do not call it
    worker_timeout: int  # seconds, as the Timeout of MeterWorker
    max_attempts: int  # how often a run is tried before it is buried
    model_module: str  # of a deployment's own models (docs/metering.md); empty: it has none
    retry_delay: int  # seconds before the second try; before the third, twice as many
    weather_source: str  # a name in chalicelib.weather.SOURCES, or NO_SOURCE
    weather_url: str  # where the source is; empty: at NOAA
    normal_source: str  # a name in chalicelib.weather.NORMAL_SOURCES, or NO_SOURCE
    normal_url: str  # where the source is; empty: where eeweather looks
    accelerate: bool  # whether eemeter runs with chalicelib.metering.acceleration

    @classmethod
    def from_environment(cls) -> "Settings":
        """Raises KeyError with the name of a variable that is missing."""
        return cls(
            table_prefix=os.environ["TABLE_PREFIX"],
            bucket=os.environ["BUCKET"],
            meter_queue_url=os.environ["METER_QUEUE_URL"],
            hourly_queue_url=os.environ["HOURLY_QUEUE_URL"],
            state_machine_arn=os.environ["STATE_MACHINE_ARN"],
            check_function=os.environ["CHECK_FUNCTION"],
            worker_timeout=int(os.environ["WORKER_TIMEOUT"]),
            max_attempts=int(os.environ["MAX_ATTEMPTS"]),
            model_module=os.environ["MODEL_MODULE"],
            retry_delay=int(os.environ["RETRY_DELAY"]),
            weather_source=os.environ["WEATHER_SOURCE"],
            weather_url=os.environ["WEATHER_URL"],
            normal_source=os.environ["NORMAL_SOURCE"],
            normal_url=os.environ["NORMAL_URL"],
            accelerate=os.environ["ACCELERATE"] == "on",
        )


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()
