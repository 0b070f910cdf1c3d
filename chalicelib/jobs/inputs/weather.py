"""The weather of a meter run: the choice of the station, its stored temperatures, and what a source can add.

A station has enough data when 90 % of the days of each modeling period have at least half of their hours. Hours next
to a stored hour count as available, since a run fills them (CalTRACK 2.2.1.2, 2.2.2.3 and 2.3.3). A normal year may
have short gaps. Of the stations that match a ZIP code, the nearest one with enough data is used. If the project or the
input names a station, only that one is considered.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger

from chalicelib import reporting_window
from chalicelib.jobs.inputs.instants import DAY, EPOCH, HOUR, MICROSECOND, instant, iso
from chalicelib.reporting_window import LATEST_YEAR
from chalicelib.settings import NO_SOURCE, settings
from chalicelib.store.series import fetches, series
from chalicelib.store.series.series import Column

if TYPE_CHECKING:
    from chalicelib.metering.stations import Ranked
    from chalicelib.weather import Hours

# eemeter and eeweather are imported inside functions: the API's Lambda functions import this module without them.

MIN_COVERAGE = 0.9  # fraction of a period's days; also of a year's hours, below which a source is asked for more
MIN_DAY_COVERAGE = 0.5  # fraction of a day's hours
YEAR = 365 * DAY  # the longest part of a period that eemeter uses
MARGIN = 2 * DAY  # of weather before and after the records, so that the first and last days are complete
HOURS_OF_YEAR = 8760
NORMAL_REMEDY = (
    "Upload a TMY3 or CZ2010 file of the station to weather_files/, or post the hours to weather_records/, then run"
    " again."
)

_NO_WEATHER = [[iso(0), None]]  # a single missing hour, since an empty list would be an error

logger = Logger()


class Nearest(Protocol):
    """A function that returns the stations that match a ZIP code, nearest first. Raises MeterFailure if none does."""

    def __call__(self, zipcode: str | None) -> "tuple[Ranked, ...]": ...


def add_weather(meter_input: dict[str, Any], *, read_only: bool = False) -> None:
    """Add temperatures to an input that has none, along with the station's rank and distance.

    read_only: fetch and write nothing. Weather that a run would fetch first then has a single missing hour, and
    `to_fetch` with the source and the years (none: the normal year).

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
                meter_input[name] = complete(meter_input, candidates, read_only=read_only)
            except WeatherFailure as failure:
                failure.data_quality = _data_quality_without_weather(meter_input)
                raise


def _data_quality_without_weather(meter_input: dict[str, Any]) -> dict[str, Any] | None:
    """The data-quality report on the readings alone, without weather."""
    from chalicelib.metering import NoHourlyModels, check_meter

    none = {name: {"unit": "F", "records": _NO_WEATHER} for name in ("weather", "weather_normal")}
    try:
        report: dict[str, Any] | None = check_meter({**meter_input, **none})["data_quality"]
    except NoHourlyModels:
        return None
    return report


def without_temperatures(meter_input: dict[str, Any]) -> dict[str, Any]:
    """The input's weather without the temperatures, as it is stored in the result."""
    return {
        name: {key: value for key, value in meter_input[name].items() if key not in ("records", "unit")}
        for name in ("weather", "weather_normal")
    }


def needed_hours(meter_input: dict[str, Any]) -> list[range]:
    """The hours (since 1970 UTC) of each modeling period, for at most 365 days of readings next to the installation.

    A reporting window other than the first year has the hours of its own readings. Raises MeterFailure when the trace
    has no records.
    """
    instants = sorted(_instants(meter_input))
    group, timezone = meter_input["project"]["modeling_period_group"], _timezone(meter_input)
    periods = []
    if group["baseline_period"].get("end"):
        read = _within(instants, group["baseline_period"], timezone)
        periods.append(_hours(max(read[0], read[-1] - YEAR), read[-1]) if read else range(0))
    if group["reporting_period"].get("start"):
        read = _within(instants, group["reporting_period"], timezone)
        periods.append(_window_hours(read, meter_input) if read else range(0))
    return [hours for hours in periods if hours]


def _window_hours(read: list[int], meter_input: dict[str, Any]) -> range:
    """The hours of the reporting window; `read` are the instants at which the period's readings start or end."""
    window = meter_input.get("reporting_window")
    if isinstance(window, Mapping):
        start, end = reporting_window.instants(window, ZoneInfo(_timezone(meter_input)))
        inside = _within(read, {"start": start.isoformat(), "end": end.isoformat()}, _timezone(meter_input))
        return _hours(inside[0], inside[-1]) if inside else range(0)
    if window == LATEST_YEAR:
        last = _last_reading_end(read, meter_input["trace"]["records"], _timezone(meter_input))
        return _hours(max(read[0], last - YEAR), last)
    return _hours(read[0], min(read[-1], read[0] + YEAR))


def _last_reading_end(read: list[int], records: list[dict[str, Any]], timezone: str) -> int:
    """The end of the last reading with a value. A reading without an end lasts until the next one starts."""
    last = read[0]
    for record in records:
        if record.get("value") is None:
            continue
        if record.get("end") is not None:
            end = instant(record["end"], timezone)
        else:
            following = bisect_right(read, instant(record["start"], timezone))
            end = read[following] if following < len(read) else last
        if end <= read[-1]:
            last = max(last, end)
    return last


def _timezone(meter_input: dict[str, Any]) -> str:
    return meter_input["project"].get("timezone") or "UTC"


def _instants(meter_input: dict[str, Any]) -> list[int]:
    """The starts and ends of a trace's records. Raises MeterFailure if there are none."""
    from chalicelib.metering import MeterFailure

    timezone = _timezone(meter_input)
    edges = (record.get(end) for record in meter_input["trace"]["records"] for end in ("start", "end"))
    found = [instant(edge, timezone) for edge in edges if edge is not None]
    if not found:
        raise MeterFailure("The trace has no records: post its readings to trace_records/, then run again.")
    return found


def _within(instants: list[int], period: dict[str, Any], timezone: str) -> list[int]:
    start, end = (None if period.get(edge) is None else instant(period[edge], timezone) for edge in ("start", "end"))
    return [one for one in instants if (start is None or one >= start) and (end is None or one <= end)]


def _hours(start: int, end: int) -> range:
    return range(-(-start // HOUR), end // HOUR)


def _candidates(named: str | None, zipcode: str | None, nearest: Nearest) -> list[dict[str, Any]]:
    return [{"station": named}] if named else [asdict(ranked) for ranked in nearest(zipcode)]


def _observed(meter_input: dict[str, Any], candidates: list[dict[str, Any]], *, read_only: bool) -> dict[str, Any]:
    """The observed temperatures of the first station that has enough of them, if necessary after fetching more."""
    from chalicelib.metering import WeatherFailure

    instants = _instants(meter_input)
    first, last = min(instants) - MARGIN, max(instants) + MARGIN
    periods = needed_hours(meter_input)
    found: list[tuple[dict[str, Any], Column]] = []
    for candidate in candidates:
        station = candidate["station"]
        prefix = series.weather_prefix("observed", station)
        column = series.read(prefix, first, last, share=True, compact=not read_only)
        if not read_only and _fetch(station, prefix, _years_to_fetch(station, column, periods)):
            column = series.read(prefix, first, last, share=True)
        if all(_has_enough(column, hours) for hours in periods):
            return _serialized(candidate, column)
        if read_only and (years := _years_to_fetch(station, column, periods)):
            return _to_fetch(candidate, settings().weather_source, years)
        found.append((candidate, column))
    fullest = max(found, key=lambda one: len(one[1]))  # the nearest one if several are equal
    if (meter_input.get("formatter_kwargs") or {}).get("ignore_sufficiency") and len(fullest[1]):
        return _serialized(*fullest)
    needed = [hour for hours in periods for hour in hours]
    shortages = [(candidate, sorted(set(needed) - _stored(column))) for candidate, column in found]
    raise WeatherFailure(
        _shortage_message(
            shortages,
            f"of the {len(needed):,} hours of observed temperatures that the run needs",
            lambda hour: iso(hour * HOUR)[:16] + "Z",
            _source_message(shortages, read_only=read_only),
            "Post the missing hours to weather_records/, then run again.",
        )
    )


def _normal(meter_input: dict[str, Any], candidates: list[dict[str, Any]], *, read_only: bool) -> dict[str, Any]:
    """The normal year of the first station whose year has only short gaps, or can be fetched from a source.

    A source is asked only if nothing is stored for the station.
    """
    from chalicelib.metering import WeatherFailure
    from chalicelib.metering.normal_year import LONGEST_GAP

    shortages = []
    for candidate in candidates:
        prefix = series.weather_prefix("normal", candidate["station"])
        column = series.read(prefix, share=True, compact=not read_only)
        if not len(column) and _can_fetch(candidate["station"], None):
            if read_only:
                return _to_fetch(candidate, settings().normal_source, [])
            if _fetch(candidate["station"], prefix, [None]):
                column = series.read(prefix, share=True)
        missing = _missing_year_hours(column.starts.tobytes())
        if _longest_run(missing) <= LONGEST_GAP:
            return _serialized(candidate, column)
        shortages.append((candidate, missing))
    source = settings().normal_source
    raise WeatherFailure(
        _shortage_message(
            shortages,
            f"of the {HOURS_OF_YEAR:,} hours of normal temperatures",
            lambda hour: f"{EPOCH + timedelta(hours=hour):%m-%dT%H:00Z}",  # 1970 is no leap year
            f"The source for stations with no stored hours, {source}, has no normal year. "
            if source != NO_SOURCE
            else "",
            NORMAL_REMEDY,
        )
    )


def _source_message(shortages: list[tuple[dict[str, Any], list[int]]], *, read_only: bool) -> str:
    """Explain that the deployment's source has no more hours; with its reasons, which read_only does not ask for."""
    source = settings().weather_source
    if source == NO_SOURCE:
        return ""
    from chalicelib.weather import REASONS

    reasons = [
        REASONS[source](settings().weather_url, candidate["station"], EPOCH + timedelta(hours=missing[-1]))
        for candidate, missing in shortages
        if not read_only
    ]
    no_more = f"This deployment's source, {source}, has no more data."
    return "".join(f"{sentence} " for sentence in dict.fromkeys([no_more, *filter(None, reasons)]))


def _has_enough(column: Column, hours: range) -> bool:
    stored = _stored(column)
    if len(stored.intersection(hours)) >= MIN_COVERAGE * len(hours):
        return True
    usable = stored | {hour + 1 for hour in stored} | {hour - 1 for hour in stored}
    needed, known = (Counter(hour // 24 for hour in part) for part in (hours, usable.intersection(hours)))
    enough = sum(known[day] >= MIN_DAY_COVERAGE * count for day, count in needed.items())
    return enough >= MIN_COVERAGE * len(needed)


def _stored(column: Column) -> set[int]:
    return {start // HOUR for start in column.starts}


@lru_cache(maxsize=16)  # the runs of a portfolio share a small number of normal years
def _missing_year_hours(starts: bytes) -> list[int]:
    """The hours of the year, counted from January 1 UTC, for which no year has an instant."""
    moments = [EPOCH + start * MICROSECOND for start in memoryview(starts).cast("q")]
    stored = {(moment.month, moment.day, moment.hour) for moment in moments}
    year = [EPOCH + timedelta(hours=hour) for hour in range(HOURS_OF_YEAR)]
    return [hour for hour, one in enumerate(year) if (one.month, one.day, one.hour) not in stored]


def _longest_run(hours: list[int]) -> int:
    """The length of the longest run of consecutive hours of a year, which may extend across New Year."""
    present, longest, run = set(hours), 0, 0
    if not present:  # nearly always
        return 0
    for hour in range(2 * HOURS_OF_YEAR):
        run = run + 1 if hour % HOURS_OF_YEAR in present else 0
        longest = max(longest, run)
    return min(longest, HOURS_OF_YEAR)


def _fetch(station: str, prefix: str, years: Iterable[int | None]) -> bool:
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


def _download(station: str, year: int | None) -> "Hours | None":
    """The hours of a year that the deployment's source has. Raises WeatherFailure and Unavailable."""
    from chalicelib.metering import WeatherFailure
    from chalicelib.weather import NORMAL_SOURCES, SOURCES, Unusable

    try:
        if year is None:
            return NORMAL_SOURCES[_source(year)](settings().normal_url, station)
        return SOURCES[_source(year)](settings().weather_url, station, year)
    except Unusable as problem:
        raise WeatherFailure(f"{problem} {NORMAL_REMEDY}" if year is None else str(problem)) from problem


def _store(prefix: str, year: int | None, fetched: "Hours") -> None:
    """Store the hours of a year that are not stored yet; those of a normal year only if none is stored."""
    stored = _stored(series.read(prefix, *_bounds(year), share=True))
    if year is None and stored:
        return  # the year was posted in the meantime
    new = Column()
    for start, temperature in fetched:
        if start // HOUR not in stored:
            new.append(start, temperature)
    if len(new):
        series.append(prefix, new)


def _years_to_fetch(station: str, column: Column, periods: list[range]) -> list[int]:
    """The years that lack hours and that can be fetched."""
    if settings().weather_source == NO_SOURCE:
        return []
    stored = _stored(column)
    return [
        year
        for year, hours in _by_year(periods).items()
        if len(stored & hours) < MIN_COVERAGE * len(hours) and _can_fetch(station, year)
    ]


def _can_fetch(station: str, year: int | None) -> bool:
    """Whether the deployment has a source of this year (None: the normal year) that was not recently asked for it."""
    return _source(year) != NO_SOURCE and not fetches.is_current(_source(year), station, year)


def _source(year: int | None) -> str:
    """The deployment's source of observed temperatures, or of normal years if there is no year."""
    return settings().normal_source if year is None else settings().weather_source


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
    start, end = ((EPOCH.replace(year=one) - EPOCH) // MICROSECOND for one in (year, year + 1))
    return start, end


def _serialized(candidate: dict[str, Any], column: Column) -> dict[str, Any]:
    records = [[_cached_iso(start), value] for start, value in zip(column.starts, column.values, strict=True)]
    return {**candidate, "unit": "F", "records": records}


def _to_fetch(candidate: dict[str, Any], source: str, years: list[int]) -> dict[str, Any]:
    """A placeholder for weather that a run would fetch first."""
    to_fetch = {"source": source, "years": years}
    return {**candidate, "unit": "F", "records": _NO_WEATHER, "to_fetch": to_fetch}


_cached_iso = lru_cache(maxsize=50_000)(iso)  # all stations share the same hours


def _shortage_message(
    shortages: list[tuple[dict[str, Any], list[int]]],
    needed: str,
    shown: Callable[[int], str],
    source: str,
    remedy: str,
) -> str:
    """The message about the hours that each of the considered stations lacks."""
    clauses = [
        f"station {_label(candidate)} lacks {len(missing):,} {needed}, from {shown(missing[0])} to {shown(missing[-1])}"
        for candidate, missing in shortages
    ]
    if len(clauses) == 1:
        return f"{clauses[0][0].upper()}{clauses[0][1:]}. {source}{remedy}"
    return (
        f"None of the {len(clauses)} nearest stations that match the ZIP code has enough weather data:"
        f" {'; '.join(clauses)}. {source}{remedy}"
    )


def _label(candidate: dict[str, Any]) -> str:
    return (
        f"{candidate['station']} ({candidate['distance_km']} km)"
        if "distance_km" in candidate
        else candidate["station"]
    )
