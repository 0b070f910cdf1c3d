"""NOAA's GHCNh, the successor to ISD: a pipe-separated file for each station and year.

This module reads the files rather than NCEI's access service. The service sends a tenth of the bytes or less, but under
load it may respond with 200 and an empty body, as if there were no data. With files, a missing one is a 404, and a
truncated one is shorter than its Content-Length.
"""

from datetime import datetime

from chalicelib.weather.download import Unavailable, Unusable, download
from chalicelib.weather.ghcnh_file import temperatures
from chalicelib.weather.ghcnh_stations import ids, unlisted
from chalicelib.weather.hourly import Hours, hourly

URL = "https://www.ncei.noaa.gov/oa/global-historical-climatology-network/hourly/access"


def fetch(base: str, station: str, year: int) -> Hours | None:
    """Return a station's year; see chalicelib.weather."""
    base = base.rstrip("/") or URL
    for id in ids(base, station, year):
        name = f"GHCNh_{id}_{year}.psv"
        content = download(f"{base}/by-year/{year}/psv/{name}")
        if content is not None:
            return hourly(temperatures(content, name, id, year))
    return None


def reason(base: str, station: str, last: datetime) -> str:
    """Return why GHCNh does not have the station; see chalicelib.weather."""
    try:
        return unlisted(base.rstrip("/") or URL, station)
    except (Unavailable, Unusable):  # the run has failed anyway; this would only have explained why
        return ""
