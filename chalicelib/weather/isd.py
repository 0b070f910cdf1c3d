"""NOAA's Integrated Surface Database (ISD): a gzipped file for each station and year, read by eeweather.

https://www.ncei.noaa.gov/pub/data/noaa has the files that eeweather used to fetch by FTP. NOAA discontinued ISD on
2025-08-27; its successor is GHCNh (https://github.com/opendsm/eeweather/issues/100).
"""

import io
import zlib
from datetime import date, datetime
from gzip import BadGzipFile

import eeweather.connections
from eeweather.exceptions import ISDDataNotAvailableError, UnrecognizedUSAFIDError
from eeweather.stations import fetch_isd_raw_temp_data_old

from chalicelib.weather.download import Unusable, download
from chalicelib.weather.hourly import Hours, hourly

URL = "https://www.ncei.noaa.gov/pub/data/noaa"
LAST_DAY = date(2025, 8, 27)
FOLDER = "/pub/data/noaa"  # prefix of the file names that eeweather requests


class _OverHttp:
    """A replacement for eeweather's FTP connection."""

    def __init__(self, base: str) -> None:
        self._base = base

    def read_file_as_bytes(self, name: str) -> io.BytesIO | None:
        content = download(self._base + name.removeprefix(FOLDER))
        return None if content is None else io.BytesIO(content)


def fetch(base: str, station: str, year: int) -> Hours | None:
    """Return a station's year; see chalicelib.weather."""
    if year > LAST_DAY.year:
        return None
    before = eeweather.connections.noaa_ftp_connection_proxy
    eeweather.connections.noaa_ftp_connection_proxy = _OverHttp(base.rstrip("/") or URL)
    try:
        # "old" is eeweather's reader of these files; its newer function requests the same data from a slow web service.
        return hourly(fetch_isd_raw_temp_data_old(station, year))
    except (ISDDataNotAvailableError, UnrecognizedUSAFIDError):
        return None
    except (ValueError, EOFError, zlib.error, BadGzipFile) as error:
        raise Unusable(f"The ISD file of station {station} for {year} cannot be read: {error}.") from error
    finally:
        eeweather.connections.noaa_ftp_connection_proxy = before


def reason(base: str, station: str, last: datetime) -> str:
    """Return a sentence saying that ISD has ended, for hours after its end; see chalicelib.weather."""
    if last.date() <= LAST_DAY:
        return ""
    return f"NOAA discontinued ISD on {LAST_DAY}: set the template's parameter WeatherSource=ghcnh for later data."
