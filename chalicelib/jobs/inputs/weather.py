"""The weather of a meter run: the choice of the station, and its temperatures.

Of the stations that match a ZIP code, the nearest one with enough data is used. If the project or the input names a
station, only that one is considered.
"""

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.jobs.inputs.coverage import has_enough, longest_run, missing_year_hours, stored_hours
from chalicelib.jobs.inputs.fetching import can_fetch, fetch, why_no_more_hours, years_to_fetch
from chalicelib.jobs.inputs.instants import DAY, iso
from chalicelib.jobs.inputs.needed_hours import needed_hours, reading_edges
from chalicelib.jobs.inputs.shortages import normal_message, observed_message
from chalicelib.settings import settings
from chalicelib.store.series import series
from chalicelib.store.series.series import Column

if TYPE_CHECKING:
    from chalicelib.metering.stations import Ranked

# eemeter and eeweather are imported inside functions: all Lambda functions import this module, and most are packaged
# without these.

MARGIN = 2 * DAY  # of weather before and after the records, so that the first and last days are complete

_NO_WEATHER = [[iso(0), None]]  # a single missing hour, since an empty list would be an error


class Nearest(Protocol):
    """A function that returns the stations that match a ZIP code, nearest first. Raises MeterFailure if none does."""

    def __call__(self, zipcode: str | None) -> "tuple[Ranked, ...]": ...


def add_weather(meter_input: dict[str, Any], *, since: datetime, read_only: bool = False) -> None:
    """Add temperatures to an input that has none, along with the station's rank and distance.

    since: when the run was scheduled; it sees all weather that was posted before that. read_only: fetch and write
    nothing. Weather that a run would fetch first then has a single missing hour, and `to_fetch` with the source and the
    years (none: the normal year).

    Raises MeterFailure when no station matches or none has enough data, with the missing hours and the report on the
    readings.
    """
    from chalicelib.metering import WeatherFailure
    from chalicelib.metering.stations import nearest_normal_stations, nearest_stations

    for name, nearest, complete in (
        ("weather", nearest_stations, _observed),
        ("weather_normal", nearest_normal_stations, _normal),
    ):
        given = meter_input.get(name) or {}
        if "records" not in given:
            zipcode = meter_input["project"].get("zipcode")
            try:
                candidates = _candidates(given.get("station"), zipcode, nearest)
                meter_input[name] = complete(meter_input, candidates, since=since, read_only=read_only)
            except WeatherFailure as failure:
                failure.data_quality = _data_quality_without_weather(meter_input)
                raise


def without_temperatures(meter_input: dict[str, Any]) -> dict[str, Any]:
    """The input's weather without the temperatures, as it is stored in the result."""
    return {
        name: {key: value for key, value in meter_input[name].items() if key not in ("records", "unit")}
        for name in ("weather", "weather_normal")
    }


def _data_quality_without_weather(meter_input: dict[str, Any]) -> dict[str, Any] | None:
    """The data-quality report on the readings alone, without weather."""
    from chalicelib.metering import NoHourlyModels, check_meter

    none = {name: {"unit": "F", "records": _NO_WEATHER} for name in ("weather", "weather_normal")}
    try:
        report: dict[str, Any] | None = check_meter({**meter_input, **none})["data_quality"]
    except NoHourlyModels:
        return None
    return report


def _candidates(named: str | None, zipcode: str | None, nearest: Nearest) -> list[dict[str, Any]]:
    return [{"station": named}] if named else [asdict(ranked) for ranked in nearest(zipcode)]


def _observed(
    meter_input: dict[str, Any], candidates: list[dict[str, Any]], *, since: datetime, read_only: bool
) -> dict[str, Any]:
    """The observed temperatures of the first station that has enough of them, if necessary after fetching more."""
    from chalicelib.metering import WeatherFailure

    edges = reading_edges(meter_input)
    first, last = min(edges) - MARGIN, max(edges) + MARGIN
    periods = needed_hours(meter_input)

    def enough(column: Column) -> bool:
        return all(has_enough(column, hours) for hours in periods)

    found: list[tuple[dict[str, Any], Column]] = []
    for candidate in candidates:
        station = candidate["station"]
        prefix = series.weather_prefix("observed", station)
        recent = series.recall(prefix, first, last, since=since)
        if recent is not None and enough(recent) and not years_to_fetch(station, recent, periods):
            return _serialized(candidate, recent)
        column = series.read(prefix, first, last, share=True, compact=not read_only)
        if not read_only and fetch(station, prefix, years_to_fetch(station, column, periods)):
            column = series.read(prefix, first, last, share=True)
        if enough(column):
            return _serialized(candidate, column)
        if read_only and (years := years_to_fetch(station, column, periods)):
            return _to_fetch(candidate, settings().weather_source, years)
        found.append((candidate, column))
    fullest = max(found, key=lambda one: len(one[1]))  # the nearest one if several are equal
    if (meter_input.get("formatter_kwargs") or {}).get("ignore_sufficiency") and len(fullest[1]):
        return _serialized(*fullest)
    needed = [hour for hours in periods for hour in hours]
    shortages = [(candidate, sorted(set(needed) - stored_hours(column))) for candidate, column in found]
    reasons = [
        why_no_more_hours(candidate["station"], missing[-1]) for candidate, missing in shortages if not read_only
    ]
    raise WeatherFailure(observed_message(shortages, len(needed), settings().weather_source, reasons))


def _normal(
    meter_input: dict[str, Any], candidates: list[dict[str, Any]], *, since: datetime, read_only: bool
) -> dict[str, Any]:
    """The normal year of the first station whose year has only short gaps, or can be fetched from a source.

    A source is asked only if nothing is stored for the station.
    """
    from chalicelib.metering import WeatherFailure
    from chalicelib.metering.preparation.normal_year import LONGEST_GAP

    def enough(column: Column) -> bool:
        return longest_run(missing_year_hours(column.starts.tobytes())) <= LONGEST_GAP

    shortages = []
    for candidate in candidates:
        prefix = series.weather_prefix("normal", candidate["station"])
        recent = series.recall(prefix, since=since)
        if recent is not None and enough(recent):
            return _serialized(candidate, recent)
        column = series.read(prefix, share=True, compact=not read_only)
        if not len(column) and can_fetch(candidate["station"], None):
            if read_only:
                return _to_fetch(candidate, settings().normal_source, [])
            if fetch(candidate["station"], prefix, [None]):
                column = series.read(prefix, share=True)
        if enough(column):
            return _serialized(candidate, column)
        shortages.append((candidate, missing_year_hours(column.starts.tobytes())))
    raise WeatherFailure(normal_message(shortages, settings().normal_source))


def _serialized(candidate: dict[str, Any], column: Column) -> dict[str, Any]:
    return {**candidate, "unit": "F", "records": _records(column.starts.tobytes(), column.values.tobytes())}


def _to_fetch(candidate: dict[str, Any], source: str, years: list[int]) -> dict[str, Any]:
    """A placeholder for weather that a run would fetch first."""
    to_fetch = {"source": source, "years": years}
    return {**candidate, "unit": "F", "records": _NO_WEATHER, "to_fetch": to_fetch}


@lru_cache(maxsize=8)  # 2 MB each; the runs of a portfolio share a small number of stations
def _records(starts: bytes, values: bytes) -> tuple[tuple[str, float], ...]:
    """The serialized temperatures, in tuples since runs share them."""
    instants, degrees = memoryview(starts).cast("q"), memoryview(values).cast("d")
    return tuple((_cached_iso(start), value) for start, value in zip(instants, degrees, strict=True))


_cached_iso = lru_cache(maxsize=50_000)(iso)  # all stations share the same hours
