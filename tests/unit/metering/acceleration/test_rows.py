"""The rows that a model is fitted to equal eemeter's."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from eemeter.eemeter.models.daily.model import DailyModel

from chalicelib.metering.acceleration import rows

_THEIRS = DailyModel._initialize_data


def days(**columns: Any) -> pd.DataFrame:
    index = pd.date_range("2017-01-01", periods=400, freq="D", tz="America/Chicago")
    random = np.random.default_rng(1)
    table = {"temperature": random.normal(50, 20, 400), "observed": random.normal(10, 2, 400), **columns}
    return pd.DataFrame(table, index=index)


def holes(*at: int, value: float = np.nan) -> np.ndarray[Any, Any]:
    return np.where(np.isin(np.arange(400), at), value, 7.5)


def tables() -> dict[str, pd.DataFrame]:
    whole = days()
    return {
        "whole": whole,
        "season": days(season="winter", weekday_weekend="weekday"),
        "day of week": days(day_of_week=3),
        "missing": days(observed=holes(3, 10), temperature=holes(5, 10)),
        "infinite": days(observed=holes(3, value=np.inf), temperature=holes(5, value=-np.inf)),
        "no text": days(weekday_weekend=[None, *["weekend"] * 399]),
        "no weight": days(weights=holes(7)),
        "infinite weight": days(weights=holes(7, value=np.inf)),
        "integers": days(observed=np.arange(400)),
        "32 bits": days(observed=holes(3).astype(np.float32)),
        "nothing whole": days(observed=np.nan),
        "infinite only": days(observed=np.inf),
        "no observed": whole[["temperature"]],
        "empty": whole[:0],
        "reversed": whole[::-1],
        "twice": pd.concat([whole, whole[:3]]),
        "predicted": days(predicted=1.0),
        "datetime": whole.reset_index(names="datetime"),
        "no dates": whole.reset_index(drop=True),
        "named": whole.rename_axis("day"),
        "no zone": whole.tz_localize(None),
        "some days": whole.drop(whole.index[150:180]),
    }


@pytest.mark.parametrize("settings", [{}, {"season": {"march": "winter"}, "weekday_weekend": {"friday": "weekend"}}])
@pytest.mark.parametrize("name", tables())
def test_initialize_data(name: str, settings: dict[str, Any]) -> None:
    model = DailyModel(settings=settings)
    given = tables()[name]
    for ours, theirs in zip(rows._initialize_data(model, given.copy()), _THEIRS(model, given.copy()), strict=True):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True, check_freq=True)
