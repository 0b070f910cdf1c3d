"""Normal years, a file for each station: TMY3 and, for California, CZ2010, as eeweather fetches and reads them.

It looks in public buckets of OpenEEmeter's. The API, which has no eeweather, reads an uploaded file to the same hours
(chalicelib.api.shared.normal_files).
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
START = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000  # the year under which an uploaded file is kept
COLDEST, HOTTEST = TEMPERATURE_LIMITS["C"]  # as for an uploaded file


class _AbsentError(Exception):
    """The server has no such file."""


def tmy3(base: str, station: str) -> Hours | None:
    """A station's TMY3 year (NREL); see chalicelib.weather."""
    return _fetch(base, station, "TMY3", fetch_tmy3_hourly_temp_data)


def cz2010(base: str, station: str) -> Hours | None:
    """A station's CZ2010 year (California Energy Commission); see chalicelib.weather."""
    return _fetch(base, station, "CZ2010", fetch_cz2010_hourly_temp_data)


def _fetch(base: str, station: str, kind: str, by_eeweather: Callable[[str], pd.Series]) -> Hours | None:
    def request_text(url: str) -> str:
        content = download(f"{base.rstrip('/')}/{url.rpartition('/')[2]}" if base else url)
        if content is None:
            raise _AbsentError
        return content.decode(errors="replace")

    before = eeweather.mockable.request_text
    eeweather.mockable.request_text = request_text
    try:
        return _whole(by_eeweather(station), f"The {kind} file of station {station}")
    except (_AbsentError, TMY3DataNotAvailableError, CZ2010DataNotAvailableError):
        return None
    except (ValueError, IndexError, OverflowError) as error:
        raise Unusable(f"The {kind} file of station {station} cannot be read: {error}.") from error
    finally:
        eeweather.mockable.request_text = before


def _whole(celsius: pd.Series, name: str) -> Hours:
    """The year in °F, from eeweather's hours of 1900 in UTC. Raises Unusable unless each of them has a temperature."""
    wrong = celsius.index[~celsius.between(COLDEST, HOTTEST)]
    if len(wrong):
        raise Unusable(
            f"{name} has no temperature from {COLDEST:g} to {HOTTEST:g} °C for {len(wrong):,} of the 8,760 hours of a"
            f" year, from {wrong[0]:%m-%dT%H:00Z} to {wrong[-1]:%m-%dT%H:00Z}."
        )
    fahrenheit = (np.asarray(celsius) * 1.8 + 32.0).tolist()
    return [(START + hour * HOUR, value) for hour, value in enumerate(fahrenheit)]
