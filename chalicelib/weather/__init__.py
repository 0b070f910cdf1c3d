"""Weather sources that a deployment can fetch temperatures from (the template's WeatherSource and NormalSource).

A source returns a station's year as pairs of an hour (microseconds since 1970 UTC) and a temperature (°F): the observed
hours only, or all 8,760 hours of a normal year. It returns None if it has no such year. It raises Unusable if the file
cannot be read, and Unavailable if the server does not deliver it. To add a source, add a module here and an entry in
SOURCES and REASONS, or in NORMAL_SOURCES.
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.weather import ghcnh, isd, normal
from chalicelib.weather.download import Unavailable, Unusable
from chalicelib.weather.hourly import Hours

__all__ = ["NORMAL_SOURCES", "REASONS", "SOURCES", "Hours", "Unavailable", "Unusable"]

# Arguments: the base URL (empty for NOAA's own), a USAF id and a year.
SOURCES: dict[str, Callable[[str, str, int], Hours | None]] = {"isd": isd.fetch, "ghcnh": ghcnh.fetch}

# Return a sentence on why a source has no more data for a station, or an empty string if the reason is unknown.
# Arguments: the base URL, a USAF id and the last missing hour.
REASONS: dict[str, Callable[[str, str, datetime], str]] = {"isd": isd.reason, "ghcnh": ghcnh.reason}

# Arguments: the base URL (empty for eeweather's default) and a USAF id.
NORMAL_SOURCES: dict[str, Callable[[str, str], Hours | None]] = {"tmy3": normal.tmy3, "cz2010": normal.cz2010}
