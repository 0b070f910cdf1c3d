"""Meters for which eemeter's own optimizer fails, simulated with known savings.

data/poor_fits.json has their daily energy, daily mean temperatures (F), and the savings in the reporting period.
"""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from eemeter.eemeter import DailyBaselineData, DailyModel

from chalicelib.metering import MeterFailure, run_meter
from chalicelib.metering.acceleration import accelerated
from chalicelib.metering.models import poor_fits
from chalicelib.metering.models.changepoint import ChangepointModel
from chalicelib.metering.models.poor_fits import POOR, WARNING, CheckedDailyModel
from chalicelib.metering.models.refit import Parts, is_weekend, ssr
from infra.local import portfolio

pytestmark = pytest.mark.slow

METERS = json.loads(Path(__file__).with_name("data").joinpath("poor_fits.json").read_text())
TIMEZONE = "America/Chicago"
PERIODS = {"baseline": ("2015-12-27", "2016-12-25"), "reporting": ("2017-01-04", "2018-01-03")}
POOR_FITS = [
    ("crossed points", "baseline"),
    ("no flat part", "baseline"),
    ("no flat part of weekends", "baseline"),
    ("no flat part of weekends", "reporting"),
    ("gas, no flat part", "baseline"),
]

Document = dict[str, Any]


def series(values: list[float]) -> pd.Series:
    return pd.Series(values, pd.date_range(METERS["start"], periods=len(values), freq="D", tz=TIMEZONE))


def hours() -> pd.Series:
    temperature = series([*METERS["temperature"], METERS["temperature"][-1]])
    return temperature.resample("h").ffill().iloc[:-1]


def document(meter: str, **model_kwargs: Any) -> Document:
    """Return the meter input of a project between the periods."""
    found = portfolio.meter_input("il-electricity-cdd-hdd-daily")
    is_electricity, days = METERS["meters"][meter]["is_electricity"], series(METERS["meters"][meter]["energy"])
    records = [
        {"start": at.isoformat(), "value": value, "estimated": False}
        for at, value in zip(pd.DatetimeIndex(days.index), days, strict=True)
    ]
    end = {"start": (days.index[-1] + pd.Timedelta(days=1)).isoformat(), "value": None, "estimated": False}
    trace = {
        "interpretation": f"{'ELECTRICITY' if is_electricity else 'NATURAL_GAS'}_CONSUMPTION_SUPPLIED",
        "unit": "KWH" if is_electricity else "THERM",
        "records": [*records, end],
    }
    instants = pd.DatetimeIndex(hours().index).tz_convert("UTC")
    weather = [[at.isoformat(), degrees] for at, degrees in zip(instants, hours(), strict=True)]
    return {
        **found,
        "trace": found["trace"] | trace,
        "weather": found["weather"] | {"records": weather},
        "model_kwargs": model_kwargs,
    }


def data_of(meter: str, period: str) -> DailyBaselineData:
    first, last = PERIODS[period]
    about = METERS["meters"][meter]
    days = series(about["energy"])[first:last]
    return DailyBaselineData.from_series(days, hours(), is_electricity_data=about["is_electricity"])


def fitted(model: Any, data: DailyBaselineData) -> Any:
    with accelerated():
        return model.fit(data, ignore_disqualification=True)


def found_in(warnings: list[Any]) -> list[Document]:
    return [one.data for one in warnings if one.qualified_name == WARNING]


def error(output: Document, meter: str) -> float:
    """Return the error of the savings of the reporting period, in percent of the baseline."""
    (found,) = (one for one in output["derivatives"] if one["interpretation"] == "gross_predicted")
    saved = found["baseline_value"] - found["reporting_value"]
    return float(100 * (saved - METERS["meters"][meter]["saved"]) / found["baseline_value"])


@pytest.mark.parametrize(
    ("meter", "before", "after"), [("crossed points", 9, 1), ("no flat part", 20, 3), ("gas, no flat part", 11, 4)]
)
def test_the_refit_reduces_the_error_of_the_savings(meter: str, before: float, after: float) -> None:
    assert abs(error(run_meter(document(meter, refit_poor_search=False)), meter)) > before
    assert abs(error(run_meter(document(meter)), meter)) < after


def test_the_warning_has_numbers() -> None:
    output = run_meter(document("no flat part"))
    assert output["model_kwargs"]["refit_poor_search"] is True
    (warning,) = (one for one in output["models"]["baseline"]["warnings"] if one["name"] == WARNING)
    data = warning["data"]
    assert data["ssr_ratio_before"] == pytest.approx(16.8, abs=0.1)
    assert data["ssr_ratio_after"] < POOR
    ratio = data["ssr_ratio_after"] / data["ssr_ratio_before"]
    assert data["rmse_after"] == pytest.approx(data["rmse_before"] * np.sqrt(ratio))
    assert data["rmse_after"] == pytest.approx(output["models"]["baseline"]["rmse"])
    assert data["refit_kept"] is True
    assert warning["detail"] == (
        "eemeter's optimizer ended in a poor fit, with 16.8 times the squared residuals of a plain regression on degree"
        f" days (RMSE {data['rmse_before']:.2f}); it was refitted from that regression: the model in use has 0.8 times"
        f" (RMSE {data['rmse_after']:.2f}) (poor_fit_search)"
    )
    assert not [one for one in output["models"]["reporting"]["warnings"] if one["name"] == WARNING]


@pytest.mark.parametrize(("meter", "period"), POOR_FITS)
def test_the_residuals_of_a_refit_are_within_the_limit(meter: str, period: str) -> None:
    data = data_of(meter, period)
    model = fitted(CheckedDailyModel("current", {}), data)
    (found,) = found_in(data.warnings)
    assert found["ssr_ratio_before"] > POOR > found["ssr_ratio_after"]
    residuals = ChangepointModel(model).predict(data.df["temperature"]) - data.df["observed"]
    assert np.sqrt(np.square(residuals).mean()) == pytest.approx(found["rmse_after"])
    assert model.error["RMSE"] == pytest.approx(found["rmse_after"])
    assert sum(map(ssr, model.model.values())) == pytest.approx(np.square(residuals).sum())
    assert DailyModel.from_dict(model.to_dict()).params.submodels == model.params.submodels


def test_another_split_is_used_if_eemeters_split_remains_poor() -> None:
    data = data_of("no flat part of weekends", "baseline")
    theirs, model = fitted(DailyModel(), data), fitted(CheckedDailyModel("current", {}), data)
    assert [*theirs.to_dict()["submodels"]] == ["wd-su_sh_wi", "we-su", "we-sh_wi"]
    assert [*model.to_dict()["submodels"]] == ["wd-su_sh_wi", "we-su_sh_wi"]


@pytest.mark.parametrize(("meter", "period"), POOR_FITS[:3])
def test_the_refit_is_reproducible_accelerated_or_not(meter: str, period: str) -> None:
    found = set()
    for context in (accelerated, accelerated, nullcontext):
        with context():
            model = CheckedDailyModel("current", {}).fit(data_of(meter, period), ignore_disqualification=True)
        found.add(model.to_json())
    assert len(found) == 1


@pytest.mark.parametrize("meter", METERS["meters"])
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("base", ["current", "legacy"])
def test_without_a_refit_the_model_is_eemeters_own(meter: str, period: str, base: str) -> None:
    data = data_of(meter, period)
    theirs = fitted(DailyModel(model=base), data_of(meter, period))
    ours = fitted(CheckedDailyModel(base, {"refit_poor_search": False}), data)
    assert ours.to_json() == theirs.to_json()
    assert ours.error == theirs.error
    if base == "current" and (meter, period) in POOR_FITS:
        (found,) = found_in(data.warnings)
        assert not found["refit_kept"]
        assert found["ssr_ratio_after"] == found["ssr_ratio_before"] > POOR
        assert 'set model_kwargs {"refit_poor_search": true} to refit it' in found["outcome"]


@pytest.mark.parametrize("base", ["current", "legacy"])
def test_a_good_fit_is_not_changed(base: str) -> None:
    data = data_of("no flat part", "reporting")
    ours = fitted(CheckedDailyModel(base, {}), data)
    assert ours.to_json() == fitted(DailyModel(model=base), data_of("no flat part", "reporting")).to_json()
    assert not found_in(data.warnings)


def test_a_refit_that_is_not_better_is_discarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poor_fits, "refitted", lambda *_: Parts("fw-su_sh_wi", {}, np.inf))
    data = data_of("no flat part", "baseline")
    model = fitted(CheckedDailyModel("current", {}), data)
    assert model.to_json() == fitted(DailyModel(), data_of("no flat part", "baseline")).to_json()
    (found,) = found_in(data.warnings)
    assert not found["refit_kept"]
    assert found["outcome"] == "refitting it from that regression found nothing better"


def test_a_fit_with_negligible_residuals_is_not_poor() -> None:
    temperature = series(METERS["temperature"])["2016-01-01":"2016-12-30"]
    # the regression fits this exactly
    exact = 5 + (60 - temperature).clip(lower=0) + (temperature - 72).clip(lower=0)
    data = DailyBaselineData.from_series(exact, hours(), is_electricity_data=True)
    model = fitted(CheckedDailyModel("current", {}), data)
    assert sum(map(ssr, model.model.values())) > 1e-12
    assert not found_in(data.warnings)


def test_a_model_without_a_last_step_is_refitted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poor_fits, "POOR", 0.0)
    data = data_of("no flat part", "baseline")
    settings: Document = {"developer_mode": True, "silent_developer_mode": True}
    settings |= {"alpha_final_type": None, "final_bounds_scalar": None}
    model = fitted(CheckedDailyModel("current", settings), data)
    (found,) = found_in(data.warnings)
    assert found["ssr_ratio_after"] <= min(found["ssr_ratio_before"], 1.3)
    assert model.settings.alpha_final_type is None


def test_a_model_without_two_slopes_is_not_compared_with_the_regression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poor_fits, "POOR", 0.0)
    data = data_of("no flat part", "baseline")
    settings = {"developer_mode": True, "silent_developer_mode": True, "full_model": "c_hdd_tidd"}
    fitted(CheckedDailyModel("current", settings), data)
    assert not found_in(data.warnings)


def test_the_regression_has_a_weekend_term_only_if_the_model_may_have_one() -> None:
    weekday, weekend = (
        fitted(CheckedDailyModel(base, {}), data_of("no flat part", "reporting")) for base in ("current", "legacy")
    )
    assert is_weekend(weekday).sum() == 104
    assert is_weekend(weekend).sum() == 0


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"model_class": "DailyModel", "model_kwargs": {"refit_poor_search": "perhaps"}}, "should be a valid boolean"),
        ({"model_class": "BillingModel", "model_kwargs": {"refit_poor_search": True}}, "has no argument 'refit_poor"),
    ],
)
def test_only_daily_models_can_be_refitted(kwargs: Document, message: str) -> None:
    with pytest.raises(MeterFailure, match=message):
        run_meter(document("no flat part") | kwargs)
