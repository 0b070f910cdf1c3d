"""The accelerated hourly models: every function, and complete runs, are bit-identical to eemeter's."""

import json
import random
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from chalicelib.metering import acceleration, run_meter
from chalicelib.metering.acceleration import hourly, hourly_caltrack, hourly_days
from chalicelib.metering.models import hourly as models
from infra.local import portfolio

# eemeter must be imported after chalicelib.metering.lean
from eemeter.eemeter.common import features  # isort: skip
from eemeter.eemeter.models.hourly import model as days  # isort: skip
from eemeter.eemeter.models.hourly_caltrack import model as segments  # isort: skip
from eemeter.eemeter.models.hourly_caltrack.segmentation import CalTRACKSegmentModel, SegmentedModel  # isort: skip

pytestmark = pytest.mark.slow

YEAR = pd.date_range("2015-01-01", periods=8760, freq="h", tz="America/Chicago")
ENDPOINTS: list[float] = [30, 45, 55, 65, 75, 90]
SEGMENTS = segments._PredictionSegmentInfo("three_month_weighted").prediction_segment_name_mapping
Document = dict[str, Any]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def temperatures(rng: np.random.Generator, missing: float) -> pd.Series:
    """Return a year of hourly temperatures in steps of 5 degrees, so that many are at the end of a bin."""
    degrees = 5 * np.round(12 - 8 * np.cos(np.arange(8760) / 1394) + rng.normal(0, 2, 8760))
    return pd.Series(np.where(rng.random(8760) < missing, np.nan, degrees), index=YEAR, name="temperature_mean")


def noisy(document: Document) -> Document:
    """Return the document with scattered and consecutive missing readings and temperatures, and readings of 0."""
    chance = random.Random(4)
    records = [
        {**record, "value": chance.choices([record["value"], 0.0, None], [97, 1, 2])[0]}
        for record in document["trace"]["records"]
    ]
    for record in records[3000:3060]:
        record["value"] = None
    hours = [hour for hour in document["weather"]["records"] if chance.random() > 0.005]
    return {
        **document,
        "trace": {**document["trace"], "records": records},
        "weather": {**document["weather"], "records": hours[:12000] + hours[12030:]},
        "formatter_kwargs": {"ignore_sufficiency": True},
    }


@pytest.mark.parametrize("model", ["HourlyModel", "HourlyCaltrackModel"])
@pytest.mark.parametrize(("sample", "is_noisy"), [("electricity-cdd-hdd", False), ("gas-hdd-only", True)])
def test_gives_the_same_meter_output(model: str, sample: str, is_noisy: bool) -> None:
    document = portfolio.meter_input(f"il-{sample}-hourly")
    document = {**(noisy(document) if is_noisy else document), "model_class": model}
    accelerated = run_meter(document)
    assert accelerated["models"]["reporting"]["r2"] is not None
    assert json.dumps(accelerated) == json.dumps(run_meter(document, accelerate=False))


class Place:
    """An object whose `number` accelerated() replaces."""

    number = 1


@pytest.fixture
def included(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(acceleration, "_included", [])
    monkeypatch.setitem(sys.modules, "made", cast(ModuleType, SimpleNamespace(REPLACEMENTS=((Place, "number", 2),))))
    with acceleration.accelerated():
        acceleration.include("made")
        assert Place.number == 2
        yield


@pytest.mark.usefixtures("included")
def test_replacements_can_be_included_while_active() -> None:
    with acceleration.accelerated():
        assert Place.number == 2
    assert Place.number == 2  # the outer context is still active


def test_included_replacements_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceleration, "_included", [])
    monkeypatch.setitem(sys.modules, "made", cast(ModuleType, SimpleNamespace(REPLACEMENTS=((Place, "number", 2),))))
    with acceleration.accelerated():
        acceleration.include("made")
    assert Place.number == 1
    with acceleration.accelerated():
        assert Place.number == 2
    assert Place.number == 1


def test_replaces_what_eemeter_has() -> None:
    for place, name, ours in hourly.REPLACEMENTS:
        assert getattr(place, name) is not ours
    with acceleration.accelerated():
        for place, name, ours in hourly.REPLACEMENTS:
            assert getattr(place, name) is ours


def test_predicts_in_the_order_of_the_parameters() -> None:
    assert models._Ordered(["b", "a", "c"]).intersection(models._Ordered(["c", "x", "b"])) == ["b", "c"]


@pytest.mark.parametrize("missing", [0.0, 0.01])
@pytest.mark.parametrize("endpoints", [[], [45], ENDPOINTS])
def test_parts_of_temperatures(rng: np.random.Generator, missing: float, endpoints: list[float]) -> None:
    degrees = temperatures(rng, missing)
    pd.testing.assert_frame_equal(
        hourly_caltrack.compute_temperature_bin_features(degrees, endpoints),
        features.compute_temperature_bin_features(degrees, endpoints),
        check_exact=True,
    )


@pytest.mark.parametrize("least", [0, 20, 300, 1500, 9000])
@pytest.mark.parametrize("few", [0, 40, 8760])
def test_endpoints_of_bins(rng: np.random.Generator, least: int, few: int) -> None:
    degrees = temperatures(rng, 0.01).iloc[:few]
    ours = hourly_caltrack._fit_temperature_bins(degrees, ENDPOINTS, least)
    assert ours == features._fit_temperature_bins(degrees, ENDPOINTS, least)


def design_matrix(rng: np.random.Generator, missing: float) -> pd.DataFrame:
    """Return the input of the regressions: complete rows, or rows with only a weight; no Sunday at 3."""
    degrees = temperatures(rng, missing)
    hours = pd.Series(YEAR.dayofweek * 24 + YEAR.hour, index=YEAR).astype("category")
    rows = pd.DataFrame(
        {
            "meter_value": rng.gamma(2, 1, len(YEAR)),
            "hour_of_week": hours,
            "cdd_65": np.maximum(degrees - 65, 0) / 24,
            "hdd_50": np.maximum(50 - degrees, 0) / 24,
            "bin_0_occupied": degrees.clip(upper=45),
            "bin_0_unoccupied": (degrees - 45).clip(lower=0),
        }
    )
    rows[(hours == 147) | degrees.isna()] = np.nan
    return rows.assign(weight=np.select([YEAR.month == 2, YEAR.month.isin([1, 3])], [1.0, 0.5], 0.0))


@pytest.mark.parametrize("missing", [0.0, 0.01, 1.0])
def test_occupancy(rng: np.random.Generator, missing: float) -> None:
    rows = design_matrix(rng, missing)
    for threshold in (0.3, 0.5, 0.65):
        pd.testing.assert_series_equal(
            hourly_caltrack._estimate_hour_of_week_occupancy(rows, threshold),
            features._estimate_hour_of_week_occupancy(rows, threshold),
        )


@pytest.mark.parametrize("missing", [0.0, 0.01, 1.0])
def test_segment(rng: np.random.Generator, missing: float) -> None:
    rows = design_matrix(rng, missing).drop(columns=["cdd_65", "hdd_50"])
    rows.loc[rows["meter_value"].isna(), "weight"] = np.nan
    ours = hourly_caltrack.fit_caltrack_hourly_model_segment("jan-feb-mar-weighted", rows.copy())
    theirs = segments.fit_caltrack_hourly_model_segment("jan-feb-mar-weighted", rows.copy())
    assert json.dumps(ours.json()) == json.dumps(theirs.json())
    metrics = [one.totals_metrics and one.totals_metrics.json() for one in (ours, theirs)]
    assert json.dumps(metrics[0]) == json.dumps(metrics[1])


@pytest.mark.parametrize("missing", [0.0, 0.01])
@pytest.mark.parametrize("hours_met", [168, 167, 24])
@pytest.mark.parametrize("hours", [8760, 100])
@pytest.mark.parametrize("is_whole", [True, False])
def test_prediction(rng: np.random.Generator, missing: float, hours_met: int, hours: int, is_whole: bool) -> None:
    """Compare predictions with a missing segment, and with one without a model."""
    names = list(SEGMENTS.values())
    bins = pd.DataFrame({name: rng.random(len(ENDPOINTS)) < 0.5 for name in names}, index=ENDPOINTS)
    fitted = []
    for name in names:
        own = [f"bin_{number}_{kind}" for kind in ("occupied", "unoccupied") for number in range(bins[name].sum() + 1)]
        terms = [*(f"C(hour_of_week)[{hour}]" for hour in range(hours_met)), *own]
        formula = "meter_value ~ C(hour_of_week) - 1" + "".join(f" + {term}" for term in own)
        params = dict(zip(terms, rng.normal(1, 1, len(terms)).tolist(), strict=True))
        fitted.append(CalTRACKSegmentModel(name, None, formula, params))
    if is_whole:
        fitted.pop(3)
    else:
        fitted[3] = CalTRACKSegmentModel(names[3], None, None, None)
    occupancy = pd.DataFrame({name: rng.random(168) < 0.5 for name in names}, index=pd.CategoricalIndex(range(168)))
    model = segments.CalTRACKHourlyModel(fitted, occupancy, bins, bins, "three_month_weighted")
    degrees = temperatures(rng, missing).iloc[1300 : 1300 + hours].asfreq("h")
    index = pd.DatetimeIndex(degrees.index)
    ours, theirs = (
        predict(model, index, degrees).result for predict in (hourly_caltrack.predict, SegmentedModel.predict)
    )
    assert ours["predicted_usage"].notna().any() or (hours, hours_met) == (100, 24)  # which have no Monday
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True, check_freq=False)


@pytest.mark.parametrize(("start", "zone"), [("2015-01-01", "America/Chicago"), ("2015-03-08", "Europe/London")])
@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_days_of_clock_changes(rng: np.random.Generator, start: str, zone: str, missing: float) -> None:
    index = pd.date_range(start, "2015-12-31 23:00", freq="h", tz=zone)
    rows = pd.DataFrame({"observed": np.where(rng.random(len(index)) < missing, np.nan, 1.0)}, index=index)
    rows = rows.drop(rows.index[500:524])
    try:
        theirs = days._get_dst_indices(rows)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)):
            hourly_days._get_dst_indices(rows)
    else:
        assert hourly_days._get_dst_indices(rows) == theirs


@pytest.mark.parametrize("is_fitted", [False, True])
@pytest.mark.parametrize("zone", ["America/Chicago", "America/Santiago", "Asia/Tokyo"])
def test_rows_of_days(rng: np.random.Generator, zone: str, is_fitted: bool) -> None:
    index = pd.date_range("2015-01-01", "2015-12-31 23:00", freq="h", tz=zone)
    rows = pd.DataFrame(rng.normal(size=(len(index), 3)), columns=["a", "b", "observed_norm"], index=index)
    rows = rows.assign(date=index.date, observed=1.0, yes=index.dayofweek > 4, no=index.month == 3)
    rows = rows[rows["date"] != rows["date"].iloc[900]]
    changes = days._get_dst_indices(rows)
    model = SimpleNamespace(_ts_feature_norm=["b", "a"], _categorical_features=["no", "yes"], is_fitted=is_fitted)
    ours = hourly_days._get_feature_matrices(model, rows, changes)
    theirs = days.HourlyModel._get_feature_matrices(model, rows, changes)
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(our, their, strict=our is not None)
