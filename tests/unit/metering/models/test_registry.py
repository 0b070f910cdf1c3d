from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from chalicelib.metering import MeterFailure
from chalicelib.metering.inputs.frequency import Frequency
from chalicelib.metering.models.registry import Registry
from chalicelib.metering.models.registry import choose as choose_from

REGISTRY = Registry.of([])
DAILY = Frequency("daily", pd.Timedelta(days=1))
MONTHLY = Frequency("billing_monthly", pd.Timedelta(days=35))
BY_CALTRACK, BY_EEMETER = ("CaltrackBillingModel", "caltrack_billing"), ("BillingModel", "billing")


def choose(document: dict[str, Any], frequency: Frequency) -> Any:
    return choose_from(document, frequency, REGISTRY)


@pytest.mark.parametrize(
    ("document", "frequency", "chosen"),
    [
        ({}, DAILY, ("DailyModel", "daily")),
        ({}, MONTHLY, ("CaltrackBillingModel", "caltrack_billing")),
        ({"model_class": "BillingModel"}, DAILY, ("BillingModel", "billing")),
        ({"model_class": "CaltrackBillingModel", "formatter_class": "billing"}, DAILY, BY_CALTRACK),
        ({"formatter_class": "billing"}, DAILY, BY_CALTRACK),
        ({"formatter_class": "caltrack_billing"}, DAILY, BY_CALTRACK),
        ({"model_class": "BillingModel", "formatter_class": "ModelDataBillingFormatter"}, DAILY, BY_EEMETER),
        ({"model_class": "DailyModel", "formatter_class": "daily"}, DAILY, ("DailyModel", "daily")),
    ],
)
def test_the_frequency_determines_the_default_model(
    document: dict[str, Any], frequency: Frequency, chosen: tuple[str, str]
) -> None:
    choice = choose(document, frequency)
    assert (choice.model_class.name, choice.formatter.name) == chosen


def test_defaults_are_filled_in_and_settings_reach_the_model() -> None:
    given = {"uncertainty_alpha": 0.2, "season": {"march": "winter"}}
    choice = choose({"model_kwargs": given, "formatter_kwargs": {"ignore_sufficiency": True}}, DAILY)
    assert choice.ignore_sufficiency
    assert choice.model_kwargs["cvrmse_threshold"] == 1
    settings = choice.new_model().model.settings
    assert (settings.uncertainty_alpha, settings.season.march) == (0.2, "winter")


def test_developer_settings_reach_the_model_in_developer_mode(capsys: pytest.CaptureFixture[str]) -> None:
    kwargs = {"developer_mode": True, "cvrmse_threshold": 0.5}
    document = {"model_class": "BillingModel", "model_kwargs": kwargs}
    assert choose(document, MONTHLY).new_model().model.settings.cvrmse_threshold == 0.5
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"model_class": "MyModel"}, "'MyModel' is unknown; use one of DailyModel, DailyLegacyModel"),
        (
            {"formatter_class": "MyFormatter"},
            "'MyFormatter' is unknown; use one of daily, billing",
        ),
        (
            {"model_class": "BillingModel", "formatter_class": "caltrack_billing"},
            "formatter_class is 'caltrack_billing', but BillingModel needs 'billing'",
        ),
        ({"uncertainty": "guess"}, "uncertainty 'guess' is unknown; use one of regression, guideline14, cal"),
        ({"uncertainty": ["caltrack"]}, "is unknown"),
        (
            {"uncertainty": "bootstrap"},
            "DailyModel does not support uncertainty 'bootstrap'; choose one of regression, guideline14, cal",
        ),
        (
            {"model_class": "CaltrackBillingModel", "model_kwargs": {"balance_point_minimum": 90}},
            "balance_point_minimum is 90; it must be below balance_point_maximum, 90",
        ),
        (
            {"model_class": "CaltrackBillingModel", "model_kwargs": {"balance_point_step": 5}},
            "balance_point_step: Input should be less than or equal to 3",
        ),
        ({"reporting_window": "last_year"}, "'last_year' is unknown; use one of first_year, latest_year, "),
        ({"reporting_window": ["latest_year"]}, "is unknown"),
        (
            {"reporting_window": {"start": "2018-01-01"}},
            "reporting_window is invalid: the window is {'start': '2018-01-01'}; it must be",
        ),
        ({"reporting_window": {"start": "2018-01-01", "end": "2017-01-01"}}, "ends at 2017-01-01, which is not after"),
        (
            {"model_class": "DailyModel", "formatter_class": "billing"},
            "formatter_class is 'billing', but DailyModel needs 'daily'",
        ),
        ({"model_kwargs": {"parameter_1": 1}}, "has no argument 'parameter_1'; use one of developer_mode, "),
        ({"model_kwargs": {"season": {"juillet": "summer"}}}, "model_kwargs.season has no argument 'juillet'"),
        ({"model_kwargs": {"uncertainty_alpha": 2}}, "uncertainty_alpha: Input should be less than or equal to 1"),
        ({"model_kwargs": {"cvrmse_threshold": 0.5}}, '"developer_mode": true'),
        ({"model_kwargs": [1]}, r"model_kwargs is \[1\]; it must be an object"),
        ({"formatter_kwargs": {"freq_str": "D"}}, "has no argument 'freq_str'; use ignore_sufficiency"),
        ({"formatter_kwargs": {"ignore_sufficiency": "yes"}}, "must be true or false"),
        ({"formatter_kwargs": [1]}, r"formatter_kwargs is \[1\]; it must be an object"),
    ],
)
def test_the_message_says_what_is_wrong(document: dict[str, Any], message: str) -> None:
    with pytest.raises(MeterFailure, match=message):
        choose(document, DAILY)


def test_a_formatter_without_a_model_needs_a_model_class() -> None:
    unused = replace(REGISTRY.formatters["daily"], name="unused")
    registry = replace(REGISTRY, formatters={**REGISTRY.formatters, "unused": unused})
    with pytest.raises(MeterFailure, match="No model uses formatter_class 'unused'; name a model_class"):
        choose_from({"formatter_class": "unused"}, DAILY, registry)


def test_bills_are_rejected_by_daily_models() -> None:
    with pytest.raises(MeterFailure, match=r"DailyModel needs readings of a day or less.* bills \(billing_monthly\)"):
        choose({"model_class": "DailyModel"}, MONTHLY)


@pytest.mark.parametrize(
    ("document", "frequency", "method"),
    [
        ({}, DAILY, "regression"),
        ({}, MONTHLY, "regression"),
        ({"model_class": "DailyLegacyModel"}, DAILY, "regression"),
        ({"model_class": "BillingModel"}, MONTHLY, "guideline14"),
        ({"uncertainty": "bootstrap"}, MONTHLY, "bootstrap"),
        ({"uncertainty": "caltrack"}, DAILY, "caltrack"),
    ],
)
def test_the_model_determines_the_default_uncertainty(
    document: dict[str, Any], frequency: Frequency, method: str
) -> None:
    assert choose(document, frequency).uncertainty == method


@pytest.mark.parametrize("given", ["first_year", "latest_year", {"start": "2018-01-01", "end": "2019-01-01"}])
def test_the_default_reporting_window_is_the_first_year(given: Any) -> None:
    assert choose({"reporting_window": given}, DAILY).reporting_window == given
    assert choose({"reporting_window": None}, DAILY).reporting_window == "first_year"
    assert choose({}, DAILY).reporting_window == "first_year"
