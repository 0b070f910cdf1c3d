"""Fetch weather that the store lacks, from the sources that the deployment is configured with."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from chalicelib.instants import EPOCH, microseconds
from chalicelib.jobs.inputs.coverage import MIN_COVERAGE, stored_hours
from chalicelib.jobs.inputs.instants import HOUR
from chalicelib.jobs.inputs.shortages import NORMAL_REMEDY
from chalicelib.settings import NO_SOURCE, settings
from chalicelib.store.series import fetches, series
from chalicelib.store.series.series import Column

if TYPE_CHECKING:
    from chalicelib.weather import Hours

# eemeter and eeweather are imported inside functions: all Lambda functions import this module, and most are packaged
# without these.

logger = Logger()


def fetch(station: str, prefix: str, years: Iterable[int | None]) -> bool:
    """Fetch and store years of a station (None: the normal year); returns whether the source had any of them.

    Stored hours are not changed. Raises WeatherFailure for a file that cannot be read, and
    chalicelib.weather.Unavailable, after which the run is retried.
    """
    found = False
    for year in years:
        fetched = _download(station, year)
        logger.info(
            "fetched weather",
            source=_source(year),
            station=station,
            year=year or "normal",
            hours=len(fetched or ()),
        )
        if fetched:
            _store(prefix, year, fetched)
        fetches.record(_source(year), station, year, found=fetched is not None)
        found = found or fetched is not None
    return found


def years_to_fetch(station: str, column: Column, periods: list[range]) -> list[int]:
    """The years that lack hours and that can be fetched."""
    if settings().weather_source == NO_SOURCE:
        return []
    stored = stored_hours(column)
    return [
        year
        for year, hours in _by_year(periods).items()
        if len(stored & hours) < MIN_COVERAGE * len(hours) and can_fetch(station, year)
    ]


def can_fetch(station: str, year: int | None) -> bool:
    """Whether a source is configured for this year (None: the normal year) and was not asked for it recently."""
    return _source(year) != NO_SOURCE and not fetches.is_current(_source(year), station, year)


def why_no_more_hours(station: str, missing: int) -> str:
    """A sentence on why the deployment's source has no more observed hours, or an empty string.

    missing: the last hour (since 1970 UTC) that is needed.
    """
    source = settings().weather_source
    if source == NO_SOURCE:
        return ""
    from chalicelib.weather import REASONS

    return REASONS[source](settings().weather_url, station, EPOCH + timedelta(hours=missing))


def _source(year: int | None) -> str:
    """The deployment's source of observed temperatures, or of normal years if there is no year."""
    return settings().normal_source if year is None else settings().weather_source


def _download(station: str, year: int | None) -> "Hours | None":
    """The hours of a year that the deployment's source has. Raises WeatherFailure and Unavailable."""
    from chalicelib.metering import WeatherFailure
    from chalicelib.weather import NORMAL_SOURCES, SOURCES, Unusable

    try:
        if year is None:
            return NORMAL_SOURCES[settings().normal_source](settings().normal_url, station)
        return SOURCES[settings().weather_source](settings().weather_url, station, year)
    except Unusable as problem:
        raise WeatherFailure(f"{problem} {NORMAL_REMEDY}" if year is None else str(problem)) from problem


def _store(prefix: str, year: int | None, fetched: "Hours") -> None:
    """Store the hours of a year that are not stored yet; those of a normal year only if none is stored."""
    stored = stored_hours(series.read(prefix, *_bounds(year), share=True))
    if year is None and stored:
        return  # the year was posted in the meantime
    new = Column()
    for start, temperature in fetched:
        if start // HOUR not in stored:
            new.append(start, temperature)
    if len(new):
        series.append(prefix, new)


def _by_year(periods: list[range]) -> dict[int, set[int]]:
    years: dict[int, set[int]] = {}
    for hours in periods:
        for hour in hours:
            years.setdefault((EPOCH + timedelta(hours=hour)).year, set()).add(hour)
    return years


def _bounds(year: int | None) -> tuple[int | None, int | None]:
    """The first instants of a year and of the next; the normal year has no bounds."""
    if year is None:
        return None, None
    start, end = (microseconds(EPOCH.replace(year=one)) for one in (year, year + 1))
    return start, end
