"""Observed temperatures from the network, by source: what a deployment may fetch (`WeatherSource` of the template).

A source gives a station's year as pairs of an hour (microseconds since 1970 UTC) and a temperature (°F), only those
that were observed, or None where it has no such year. It raises Unusable for a file that cannot be read, and
Unavailable when the server does not give it. Another source is another file here, and a line in SOURCES.
"""

from collections.abc import Callable

from chalicelib.weather import ghcnh, isd
from chalicelib.weather.download import Unavailable, Unusable
from chalicelib.weather.hourly import Hours

__all__ = ["SOURCES", "Hours", "Unavailable", "Unusable"]

# Each takes the base URL (empty: NOAA's own), a USAF id and a year.
SOURCES: dict[str, Callable[[str, str, int], Hours | None]] = {"isd": isd.fetch, "ghcnh": ghcnh.fetch}
