"""NOAA's GHCNh, which takes ISD's place: a pipe-separated file for each station and year.

Written from NCEI's documentation of GHCNh (v1.1.0): temperature in °C at DATE in UTC, and quality codes whose meaning
depends on the source. A station of ISD that has a WBAN number is GHCNh's USW000 and that number; others are left out.
"""

import csv
import io

import pandas as pd
from eeweather.exceptions import UnrecognizedUSAFIDError
from eeweather.stations import get_isd_filenames

from chalicelib.weather.download import Unusable, download
from chalicelib.weather.hourly import Hours, hourly

URL = "https://www.ncei.noaa.gov/oa/global-historical-climatology-network/hourly/access"
NO_WBAN = "99999"
TIME, VALUE, QUALITY, ORIGIN = "DATE", "temperature", "temperature_Quality_Code", "temperature_Source_Code"
# Suspect, erroneous and removed, by the documentation's table 3; a lower-case letter is a check of GHCNh's own failed.
_FIRST_SOURCES = ("220", "221", "222", "223", "347", "348")
_BAD_OF_FIRST, _BAD = "235", "2367"


def fetch(base: str, station: str, year: int) -> Hours | None:
    """A station's year; see chalicelib.weather."""
    for wban in _wbans(station, year):
        name = f"GHCNh_USW000{wban}_{year}.psv"
        content = download(f"{base.rstrip('/') or URL}/by-year/{year}/psv/{name}")
        if content is not None:
            return hourly(_temperatures(content, name))
    return None


def _wbans(station: str, year: int) -> list[str]:
    try:
        found = get_isd_filenames(station, year, filename_format="{wban_id}")
    except UnrecognizedUSAFIDError:
        return []
    return [wban for wban in found if wban != NO_WBAN]


def _temperatures(content: bytes, name: str) -> pd.Series:
    rows = csv.DictReader(io.StringIO(content.decode(errors="replace")), delimiter="|", quoting=csv.QUOTE_NONE)
    lacking = {TIME, VALUE, QUALITY, ORIGIN} - set(rows.fieldnames or ())
    if lacking:
        raise Unusable(f"{name} has no column {' and no '.join(sorted(lacking))}.")
    try:
        pairs = [(row[TIME], float(row[VALUE])) for row in rows if row[VALUE] and _is_good(row[QUALITY], row[ORIGIN])]
        times = pd.to_datetime([time for time, _ in pairs], format="ISO8601", utc=True)
    except ValueError as error:
        raise Unusable(f"{name}, line {rows.line_num}, cannot be read: {error}.") from error
    return pd.Series([value for _, value in pairs], index=pd.DatetimeIndex(times), dtype=float)


def _is_good(quality: str | None, source: str | None) -> bool:
    code = (quality or "").strip()[:1]
    bad = _BAD_OF_FIRST if (source or "").strip()[:3] in _FIRST_SOURCES else _BAD
    return not code or not (code.islower() or code in bad)
