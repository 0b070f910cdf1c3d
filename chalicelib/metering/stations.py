"""The weather stations of a ZIP code, from the database that eeweather ships: no network."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import eeweather
from eeweather.exceptions import UnrecognizedZCTAError

from chalicelib.metering.failure import WeatherFailure

MAX_DISTANCE_KM = 200
RANKED = 5  # stations of a ZIP code that are tried, the nearest first


@dataclass(frozen=True)
class Ranked:
    """A station of a ZIP code: its USAF id, its place among those that fit (1 is the nearest), and how far it is."""

    station: str
    rank: int
    distance_km: float


def nearest_stations(zipcode: str | None) -> tuple[Ranked, ...]:
    """The nearest stations with good hourly observations, at most five.

    Good is eeweather's quality "high": in each month of the five years before its database was made, NOAA's ISD had
    more than 600 observations of the station. ISD ended in 2025; of GHCNh, which goes on, the database knows nothing.

    Raises WeatherFailure when the ZIP code is unknown or no station is within 200 km.
    """
    return _nearest(zipcode, "weather_station", "good hourly observations", minimum_quality="high")


def nearest_normal_stations(zipcode: str | None) -> tuple[Ranked, ...]:
    """The nearest stations that have a TMY3 normal year; otherwise as `nearest_stations`."""
    return _nearest(zipcode, "weather_normal_station", "a TMY3 normal year", is_tmy3=True)


@cache  # ranking all stations takes most of a second, and the ZIP codes of a portfolio repeat
def _nearest(zipcode: str | None, field: str, what: str, **criteria: Any) -> tuple[Ranked, ...]:
    if not (zipcode or "").strip():
        raise WeatherFailure(f"The project has no zipcode and no {field}: give it one of the two.")
    try:
        latitude, longitude = eeweather.zcta_to_lat_long(str(zipcode).strip()[:5])
    except UnrecognizedZCTAError as error:
        raise WeatherFailure(
            f"The ZIP code {zipcode!r} is not known, so no weather station can be matched: mend the project's zipcode,"
            " or give it a weather_station and a weather_normal_station."
        ) from error
    found = eeweather.rank_stations(latitude, longitude, max_distance_meters=1000 * MAX_DISTANCE_KM, **criteria)
    if found.empty:
        raise WeatherFailure(f"No weather station with {what} is within {MAX_DISTANCE_KM} km of ZIP code {zipcode}.")
    return tuple(
        Ranked(str(station), int(row["rank"]), round(float(row["distance_meters"]) / 1000, 1))
        for station, row in found.head(RANKED).iterrows()
    )
