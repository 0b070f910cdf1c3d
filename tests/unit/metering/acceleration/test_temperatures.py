"""Daily mean temperatures and their coverage equal eemeter's."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from eemeter.eemeter.common.features import compute_temperature_features as theirs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.metering.acceleration import temperatures

ZONES = ("America/Chicago", "UTC", "Europe/London", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata")


def outcome(function: Any, index: pd.DatetimeIndex, hours: pd.Series, **options: Any) -> Any:
    try:
        found: pd.DataFrame = function(index.copy(), hours.copy(), **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    numbers = {str(name): [float(one).hex() for one in found[name].to_numpy(float, na_value=np.nan)] for name in found}
    days = pd.DatetimeIndex(found.index)
    return numbers, dict(found.dtypes), list(days), days.name, str(days.tz), days.freq


def weather(start: pd.Timestamp, size: int, seed: int, missing: float) -> pd.Series:
    random = np.random.default_rng(seed)
    hours = pd.date_range(start, periods=size, freq="h")
    values = random.normal(50, 30, size)
    values[random.random(size) < missing] = np.nan
    for first in random.integers(size, size=3) if missing else ():
        values[first : first + random.integers(1, 60)] = np.nan
    return pd.Series(values, index=hours)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(["2017-03-05", "2017-10-01", "2017-10-10", "2018-02-10", "2020-10-20", "2016-06-01"]),
    st.integers(2, 40),
    st.integers(-40, 40),
    st.integers(1, 1100),
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.05, 0.3, 0.5, 1.0]),
)
@example("America/Chicago", "2017-10-30", 12, -5, 300, 0, 0.05)  # a day of 25 hours
@example("America/Chicago", "2017-03-05", 12, -5, 300, 0, 0.3)  # a day of 23 hours
def test_daily_features(zone: str, day: str, days: int, offset: int, size: int, seed: int, missing: float) -> None:
    first = pd.Timestamp(day, tz=zone)
    index = pd.date_range(first, periods=days, freq="D")
    hours = weather(first + pd.Timedelta(hours=offset), size, seed, missing)
    expected = outcome(theirs, index, hours, data_quality=True)
    assert outcome(temperatures.compute_temperature_features, index, hours, data_quality=True) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda index, hours: (pd.DatetimeIndex([*index]), hours),  # no frequency
        lambda index, hours: (index[::-1], hours),
        lambda index, hours: (index.append(index[:1]), hours),
        lambda index, hours: (index.tz_localize(None), hours),
        lambda index, hours: (index, hours.tz_localize(None)),
        lambda index, hours: (index, hours[hours.index.hour != 3]),
        lambda index, hours: (index[:0], hours),
        lambda index, hours: (index[:1], hours),
        lambda index, hours: (index, hours[:0]),
        lambda index, hours: (index.as_unit("s"), hours),
        lambda index, hours: (index.rename("day"), hours.rename("temperature")),
        lambda index, hours: (index, hours.astype("float32")),
        lambda index, hours: (index, hours.round().astype("Int64")),
        lambda index, hours: (index, hours.tz_convert("UTC").asfreq("h")),
        lambda index, hours: (pd.date_range(index[0], periods=3, freq="MS"), hours),
    ],
)
def test_unusual_input(change: Any) -> None:
    first = pd.Timestamp("2017-10-30", tz="America/Chicago")
    index, hours = change(pd.date_range(first, periods=12, freq="D"), weather(first, 24 * 12, 1, 0.0))
    expected = outcome(theirs, index, hours, data_quality=True)
    assert outcome(temperatures.compute_temperature_features, index, hours, data_quality=True) == expected


def test_other_options_are_left_to_eemeter() -> None:
    first = pd.Timestamp("2017-10-30", tz="America/Chicago")
    index, hours = pd.date_range(first, periods=12, freq="D"), weather(first, 24 * 12, 1, 0.05)
    for options in (
        {},
        {"data_quality": True, "heating_balance_points": [60]},
        {"data_quality": True, "tolerance": None},
    ):
        expected = outcome(theirs, index, hours, **options)
        assert outcome(temperatures.compute_temperature_features, index, hours, **options) == expected
