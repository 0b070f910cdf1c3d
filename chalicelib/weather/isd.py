"""NOAA's Integrated Surface Database: a gzipped file for each station and year, read by eeweather.

https://www.ncei.noaa.gov/pub/data/noaa holds the files that eeweather took by FTP. They end on 2025-08-27, when NOAA
ended ISD; GHCNh goes on (https://github.com/opendsm/eeweather/issues/100).
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
FOLDER = "/pub/data/noaa"  # what the names that eeweather asks for begin with


class _OverHttp:
    """Stands where eeweather has its FTP connection."""

    def __init__(self, base: str) -> None:
        self._base = base

    def read_file_as_bytes(self, name: str) -> io.BytesIO | None:
        content = download(self._base + name.removeprefix(FOLDER))
        return None if content is None else io.BytesIO(content)


def fetch(base: str, station: str, year: int) -> Hours | None:
    """A station's year; see chalicelib.weather."""
    if year > LAST_DAY.year:
        return None
    before = eeweather.connections.noaa_ftp_connection_proxy
    eeweather.connections.noaa_ftp_connection_proxy = _OverHttp(base.rstrip("/") or URL)
    try:
        # "old" is eeweather's reader of the files; its newer one asks a slow web service for the same.
        return hourly(fetch_isd_raw_temp_data_old(station, year))
    except (ISDDataNotAvailableError, UnrecognizedUSAFIDError):
        return None
    except (ValueError, EOFError, zlib.error, BadGzipFile) as error:
        raise Unusable(f"The ISD file of station {station} and {year} cannot be read: {error}.") from error
    finally:
        eeweather.connections.noaa_ftp_connection_proxy = before


def reason(base: str, station: str, last: datetime) -> str:
    """That ISD has ended; see chalicelib.weather."""
    if last.date() <= LAST_DAY:
        return ""
    return f"NOAA ended ISD on {LAST_DAY}: the template's parameter WeatherSource=ghcnh goes on."
