"""Temperatures from the network, by source: what a deployment may fetch (the template's WeatherSource, NormalSource).

A source gives a station's year as pairs of an hour (microseconds since 1970 UTC) and a temperature (°F), or None where
it has no such year: only the hours that were observed, and all 8760 of a normal year. It raises Unusable for a file
that cannot be read, and Unavailable when the server does not give it. Another source is another file here, and a line
in SOURCES and REASONS, or in NORMAL_SOURCES.
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.weather import ghcnh, isd, normal
from chalicelib.weather.download import Unavailable, Unusable
from chalicelib.weather.hourly import Hours

__all__ = ["NORMAL_SOURCES", "REASONS", "SOURCES", "Hours", "Unavailable", "Unusable"]

# Each takes the base URL (empty: NOAA's own), a USAF id and a year.
SOURCES: dict[str, Callable[[str, str, int], Hours | None]] = {"isd": isd.fetch, "ghcnh": ghcnh.fetch}

# Why a source has no more of a station: a sentence, or nothing where it says nothing about it. Each takes the base URL,
# a USAF id and the last hour that is missing.
REASONS: dict[str, Callable[[str, str, datetime], str]] = {"isd": isd.reason, "ghcnh": ghcnh.reason}

# Each takes the base URL (empty: where eeweather looks) and a USAF id.
NORMAL_SOURCES: dict[str, Callable[[str, str], Hours | None]] = {"tmy3": normal.tmy3, "cz2010": normal.cz2010}
