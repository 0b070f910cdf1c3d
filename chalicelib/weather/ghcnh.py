"""NOAA's GHCNh, which has taken ISD's place: a pipe-separated file for each station and year.

The files are read, not NCEI's access service, which sends a tenth of the bytes or less, but under load may answer 200
with an empty body, as if there were no data. A file that is not there is a 404, and one that broke off is shorter than
it promised.
"""

from datetime import datetime

from chalicelib.weather.download import Unavailable, Unusable, download
from chalicelib.weather.ghcnh_file import temperatures
from chalicelib.weather.ghcnh_stations import ids, unlisted
from chalicelib.weather.hourly import Hours, hourly

URL = "https://www.ncei.noaa.gov/oa/global-historical-climatology-network/hourly/access"


def fetch(base: str, station: str, year: int) -> Hours | None:
    """A station's year; see chalicelib.weather."""
    base = base.rstrip("/") or URL
    for id in ids(base, station, year):
        name = f"GHCNh_{id}_{year}.psv"
        content = download(f"{base}/by-year/{year}/psv/{name}")
        if content is not None:
            return hourly(temperatures(content, name, id, year))
    return None


def reason(base: str, station: str, last: datetime) -> str:
    """That GHCNh does not have the station; see chalicelib.weather."""
    try:
        return unlisted(base.rstrip("/") or URL, station)
    except (Unavailable, Unusable):  # the run has failed already, and needs no list for it
        return ""
