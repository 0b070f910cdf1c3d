"""The models and formatters that a meter run can name, and the checks of their keyword arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pydantic
from eemeter.common.base_settings import BaseSettings
from eemeter.eemeter import (
    BillingBaselineData,
    BillingModel,
    BillingReportingData,
    DailyBaselineData,
    DailyModel,
    DailyReportingData,
)
from eemeter.eemeter.models.daily.utilities.settings import DailyLegacySettings, DailySettings

from chalicelib.metering.failure import MeterFailure
from chalicelib.metering.frequency import Frequency


class DaysBaselineData(DailyBaselineData):  # type: ignore[misc]  # eemeter has no types
    """Readings that are known to be days, so that eemeter's criteria count those that are missing.

    eemeter itself looks at the days that have a value: when every third is missing, it takes the others for bills.
    """

    def _compute_meter_value_df(self, df: pd.DataFrame) -> pd.DataFrame:
        return df["observed"].resample("D").first().to_frame()


@dataclass(frozen=True)
class Formatter:
    """What turns readings and temperatures into the data that a model takes."""

    name: str  # eemeter's name of the frequency too, in the uncertainty of savings
    baseline_data: Any
    reporting_data: Any


@dataclass(frozen=True)
class ModelClass:
    """A model, the settings it takes as keyword arguments, and the formatter whose data it takes."""

    name: str
    model: Any
    settings: Any
    formatter: str


FORMATTERS = {
    formatter.name: formatter
    for formatter in (
        Formatter("daily", DaysBaselineData, DailyReportingData),
        Formatter("billing", BillingBaselineData, BillingReportingData),
    )
}
MODEL_CLASSES = {
    model_class.name: model_class
    for model_class in (
        ModelClass("DailyModel", DailyModel, DailySettings, "daily"),
        ModelClass("BillingModel", BillingModel, DailyLegacySettings, "billing"),
    )
}


@dataclass(frozen=True)
class Choice:
    """The model and formatter of one run, with the keyword arguments checked and their defaults filled in."""

    model_class: ModelClass
    model_kwargs: dict[str, Any]
    formatter: Formatter
    ignore_sufficiency: bool

    def new_model(self) -> Any:
        return self.model_class.model(settings={**self.model_kwargs, "silent_developer_mode": True})


def choose(document: Mapping[str, Any], frequency: Frequency) -> Choice:
    """What the input names, or else the default for its frequency. Raises MeterFailure with what is allowed."""
    model_name, formatter_name = document.get("model_class"), document.get("formatter_class")
    if formatter_name is not None:
        _known("formatter_class", formatter_name, FORMATTERS)
    if model_name is None:
        wanted = formatter_name or ("billing" if frequency.is_billing else "daily")
        model_name = next(name for name, known in MODEL_CLASSES.items() if known.formatter == wanted)
    _known("model_class", model_name, MODEL_CLASSES)
    model_class = MODEL_CLASSES[model_name]
    if formatter_name not in (None, model_class.formatter):
        raise MeterFailure(f"{model_name} takes the formatter {model_class.formatter!r}, not {formatter_name!r}.")
    if frequency.is_billing and model_class.formatter == "daily":
        raise MeterFailure(
            f"{model_name} takes readings of a day or less, and the trace has bills ({frequency.name}): choose a"
            " BillingModel."
        )
    return Choice(
        model_class=model_class,
        model_kwargs=_model_kwargs(document.get("model_kwargs") or {}, model_class),
        formatter=FORMATTERS[model_class.formatter],
        ignore_sufficiency=_ignore_sufficiency(document.get("formatter_kwargs") or {}),
    )


def _model_kwargs(given: Mapping[str, Any], model_class: ModelClass) -> dict[str, Any]:
    _check_keys(given, model_class.settings, "model_kwargs")
    try:
        settings = model_class.settings(**{**given, "silent_developer_mode": True})
    except pydantic.ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()
        )
        hint = ' Say "developer_mode": true to change it all the same.' if "Developer mode" in faults else ""
        raise MeterFailure(f"{model_class.name} does not take these model_kwargs: {faults}.{hint}") from error
    filled: dict[str, Any] = settings.model_dump(mode="json")
    return filled


def _check_keys(given: Any, settings: Any, where: str) -> None:
    """eemeter drops the keys that it does not know; a person who wrote one wants to hear of it."""
    if not isinstance(given, Mapping):
        raise MeterFailure(f"{where} has to be an object.")
    allowed = {name: field for name, field in settings.model_fields.items() if name != "silent_developer_mode"}
    for key, value in given.items():
        field = allowed.get(key.lower())
        if field is None:
            raise MeterFailure(f"{where} does not take {key!r}; it takes {', '.join(allowed)}.")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings):
            _check_keys(value, field.annotation, f"{where}.{key}")


def _ignore_sufficiency(given: Mapping[str, Any]) -> bool:
    if not isinstance(given, Mapping):
        raise MeterFailure("formatter_kwargs has to be an object.")
    for key in given:
        if key != "ignore_sufficiency":
            raise MeterFailure(f"formatter_kwargs does not take {key!r}; it takes ignore_sufficiency.")
    value = given.get("ignore_sufficiency", False)
    if not isinstance(value, bool):
        raise MeterFailure(f"formatter_kwargs.ignore_sufficiency is {value!r}; it has to be true or false.")
    return value


def _known(key: str, name: Any, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise MeterFailure(f"{key} {name!r} is not known; the known ones are {', '.join(known)}.")
