"""The rows of days are those of eemeter."""

import numpy as np
import pandas as pd
import pytest
from eemeter.eemeter import DailyBaselineData

from chalicelib.metering.models import day_rows
from chalicelib.metering.models.formatters import DaysBaselineData


@pytest.mark.parametrize("timezone", ["America/Chicago", "America/Sao_Paulo", "America/Havana", "UTC"])
@pytest.mark.parametrize("missing", [[], [0, 1, 50, 364]])
def test_the_rows_are_eemeters(timezone: str, missing: list[int]) -> None:
    index = pd.date_range("2016-01-01", periods=365, freq="D", tz=timezone, nonexistent="shift_forward", ambiguous=True)  # type: ignore[call-overload]
    values = np.random.default_rng(1).uniform(0, 9, len(index))
    values[missing] = np.nan
    readings = pd.Series(values, index=index)
    at = pd.date_range(index[0] - pd.Timedelta(days=2), index[-1] + pd.Timedelta(days=3), freq="h")
    hours = pd.Series(np.random.default_rng(2).uniform(0, 99, len(at)), index=at)
    assert day_rows.joined(readings, hours) is not None
    ours = DaysBaselineData.from_series(readings, hours, is_electricity_data=True)
    theirs = DailyBaselineData.from_series(readings, hours, is_electricity_data=True)
    pd.testing.assert_frame_equal(ours.df, theirs.df, check_freq=False, check_exact=True)


def test_hours_that_begin_after_the_readings_are_left_to_eemeter() -> None:
    index = pd.date_range("2016-01-01", periods=365, freq="D", tz="America/Chicago")
    readings = pd.Series(np.arange(365.0), index=index)
    hours = pd.Series(50.0, index=pd.date_range(index[3], index[-1] + pd.Timedelta(days=1), freq="h"))
    assert day_rows.joined(readings, hours) is None
    assert DaysBaselineData.from_series(readings, hours, is_electricity_data=True).df.index[0] == index[3]
