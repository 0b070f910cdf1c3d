"""Match weather stations to a ZIP code, using the database shipped with eeweather (no network access)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import eeweather
from eeweather.exceptions import UnrecognizedZCTAError

from chalicelib.metering.failure import WeatherFailure

MAX_DISTANCE_KM = 200
MAX_STATIONS = 5  # per ZIP code, tried in order of distance


@dataclass(frozen=True)
class Ranked:
    """A station matched to a ZIP code: its USAF id, its rank by distance (1 is nearest), and its distance."""

    station: str
    rank: int
    distance_km: float


def nearest_stations(zipcode: str | None) -> tuple[Ranked, ...]:
    """Return the nearest stations with good hourly observations, at most five.

    Good means eeweather's quality "high": in each month of the five years before its database was built, NOAA's ISD had
    more than 600 observations from the station. ISD ended in 2025; the database does not cover its successor, GHCNh.

    Raises WeatherFailure if the ZIP code is unknown or no station is within 200 km.
    """
    return _nearest(zipcode, "weather_station", "good hourly observations", minimum_quality="high")


def nearest_normal_stations(zipcode: str | None) -> tuple[Ranked, ...]:
    """Return the nearest stations with a TMY3 normal year; otherwise like `nearest_stations`."""
    return _nearest(zipcode, "weather_normal_station", "a TMY3 normal year", is_tmy3=True)


@cache  # ranking all stations takes most of a second, and the ZIP codes of a portfolio repeat
def _nearest(zipcode: str | None, field: str, what: str, **criteria: Any) -> tuple[Ranked, ...]:
    if not (zipcode or "").strip():
        raise WeatherFailure(f"The project has neither a zipcode nor a {field}: set one of them.")
    try:
        latitude, longitude = eeweather.zcta_to_lat_long(str(zipcode).strip()[:5])
    except UnrecognizedZCTAError as error:
        raise WeatherFailure(
            f"The ZIP code {zipcode!r} is unknown, so no weather station can be matched: correct the project's zipcode,"
            " or set its weather_station and weather_normal_station."
        ) from error
    found = eeweather.rank_stations(latitude, longitude, max_distance_meters=1000 * MAX_DISTANCE_KM, **criteria)
    if found.empty:
        raise WeatherFailure(
            f"No weather station with {what} is within {MAX_DISTANCE_KM} km of ZIP code {zipcode}: set the project's"
            f" {field}."
        )
    return tuple(
        Ranked(str(station), int(row["rank"]), round(float(row["distance_meters"]) / 1000, 1))
        for station, row in found.head(MAX_STATIONS).iterrows()
    )
