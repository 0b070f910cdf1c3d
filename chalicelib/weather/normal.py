"""Normal years, one file per station: TMY3 and, for California, CZ2010, fetched and read by eeweather.

By default, eeweather fetches them from OpenEEmeter's public buckets. The API, which does not include eeweather, reads
an uploaded file to the same hours (chalicelib.api.shared.normal_files).
"""

from collections.abc import Callable
from datetime import UTC, datetime

import eeweather.mockable
import numpy as np
import pandas as pd
from eeweather.exceptions import CZ2010DataNotAvailableError, TMY3DataNotAvailableError
from eeweather.stations import fetch_cz2010_hourly_temp_data, fetch_tmy3_hourly_temp_data

from chalicelib.vocabulary import TEMPERATURE_LIMITS
from chalicelib.weather.download import Unusable, download
from chalicelib.weather.hourly import Hours

HOUR = 3_600_000_000  # microseconds
START = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000  # uploaded files are stored under this year, too
COLDEST, HOTTEST = TEMPERATURE_LIMITS["C"]  # the same limits as for an uploaded file


class _NotFoundError(Exception):
    """The server does not have the file."""


def tmy3(base: str, station: str) -> Hours | None:
    """Return a station's TMY3 year (NREL); see chalicelib.weather."""
    return _fetch(base, station, "TMY3", fetch_tmy3_hourly_temp_data)


def cz2010(base: str, station: str) -> Hours | None:
    """Return a station's CZ2010 year (California Energy Commission); see chalicelib.weather."""
    return _fetch(base, station, "CZ2010", fetch_cz2010_hourly_temp_data)


def _fetch(base: str, station: str, kind: str, by_eeweather: Callable[[str], pd.Series]) -> Hours | None:
    def request_text(url: str) -> str:
        content = download(f"{base.rstrip('/')}/{url.rpartition('/')[2]}" if base else url)
        if content is None:
            raise _NotFoundError
        return content.decode(errors="replace")

    before = eeweather.mockable.request_text
    eeweather.mockable.request_text = request_text
    try:
        return _complete_year(by_eeweather(station), f"The {kind} file of station {station}")
    except (_NotFoundError, TMY3DataNotAvailableError, CZ2010DataNotAvailableError):
        return None
    except (ValueError, IndexError, OverflowError) as error:
        raise Unusable(f"The {kind} file of station {station} cannot be read: {error}.") from error
    finally:
        eeweather.mockable.request_text = before


def _complete_year(celsius: pd.Series, name: str) -> Hours:
    """Convert eeweather's hours (of 1900, in UTC) to °F. Raises Unusable unless every hour has a temperature."""
    wrong = celsius.index[~celsius.between(COLDEST, HOTTEST)]
    if len(wrong):
        raise Unusable(
            f"{name} has no temperature between {COLDEST:g} and {HOTTEST:g} °C for {len(wrong):,} of the 8,760 hours of"
            f" the year, the first at {wrong[0]:%m-%dT%H:00Z} and the last at {wrong[-1]:%m-%dT%H:00Z}."
        )
    fahrenheit = (np.asarray(celsius) * 1.8 + 32.0).tolist()
    return [(START + hour * HOUR, value) for hour, value in enumerate(fahrenheit)]
