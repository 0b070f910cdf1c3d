"""The environment variables, typed and read once."""

import os
from dataclasses import dataclass
from functools import cache

NO_SOURCE = "none"  # the deployment fetches no weather


@dataclass(frozen=True)
class Settings:
    """The configuration that the template passes to the functions (`Globals` in infra/template/resources.yaml)."""

    table_prefix: str
    bucket: str
    meter_queue_url: str
    hourly_queue_url: str  # queue of the worker with the hourly models; empty if there is none
    state_machine_arn: str  # of aggregations
    batch_state_machine_arn: str
    export_state_machine_arn: str
    import_state_machine_arn: str
    cors_origins: tuple[str, ...]  # origins whose pages may call the API; contains "*" if any may; empty if none may
    check_function: str  # name of the function that checks meter runs; empty in functions that do not call it
    worker_timeout: int  # seconds; the Timeout of MeterWorker
    max_attempts: int  # number of attempts before a run is marked failed
    model_module: str  # module with the deployment's own models (docs/metering.md); empty if there is none
    retry_delay: int  # seconds before the second attempt; doubled before the third
    weather_source: str  # a name in chalicelib.weather.SOURCES, or NO_SOURCE
    weather_url: str  # base URL of the source; empty for NOAA's own
    normal_source: str  # a name in chalicelib.weather.NORMAL_SOURCES, or NO_SOURCE
    normal_url: str  # base URL of the source; empty for eeweather's default
    accelerate: bool  # whether to run eemeter with chalicelib.metering.acceleration

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings from the environment. Raises KeyError with the name of a missing variable."""
        return cls(
            table_prefix=os.environ["TABLE_PREFIX"],
            bucket=os.environ["BUCKET"],
            meter_queue_url=os.environ["METER_QUEUE_URL"],
            hourly_queue_url=os.environ["HOURLY_QUEUE_URL"],
            state_machine_arn=os.environ["STATE_MACHINE_ARN"],
            batch_state_machine_arn=os.environ["BATCH_STATE_MACHINE_ARN"],
            export_state_machine_arn=os.environ["EXPORT_STATE_MACHINE_ARN"],
            import_state_machine_arn=os.environ["IMPORT_STATE_MACHINE_ARN"],
            cors_origins=tuple(filter(None, os.environ["CORS_ORIGINS"].split(","))),
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
    """Return the settings of this process."""
    return Settings.from_environment()
