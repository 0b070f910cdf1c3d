"""The models and formatters that a meter run can name, and the validation of their keyword arguments."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

import pydantic
from eemeter.eemeter.models.daily.utilities.settings import DailyLegacySettings

from chalicelib.metering.failure import ModelFailure
from chalicelib.metering.inputs.frequency import Frequency
from chalicelib.metering.lean import hourly
from chalicelib.metering.models import cost_bounds
from chalicelib.metering.models.caltrack.model import CaltrackBillingModel, CaltrackBillingSettings
from chalicelib.metering.models.changepoint import ChangepointModel
from chalicelib.metering.models.formatters import FORMATTERS, Formatter
from chalicelib.metering.models.interface import Model
from chalicelib.metering.models.poor_fits import DailyKwargs, DailyLegacyKwargs
from chalicelib.reporting_window import FIRST_YEAR, NAMED_WINDOWS, Window, checked
from chalicelib.vocabulary import UNCERTAINTY_METHODS


@dataclass(frozen=True)
class ModelClass:
    """A model that a run can name.

    make: creates a model from its settings. settings: the pydantic model of the keyword arguments, or a function that
    imports it on demand. formatter: the name of the formatter that makes the model's data. uncertainty: the supported
    uncertainty methods, the default first. bounds: of the settings that drive its time, beyond those in the settings.
    """

    name: str
    make: Callable[[Mapping[str, Any]], Model]
    settings: type[pydantic.BaseModel] | Callable[[], type[pydantic.BaseModel]]
    formatter: str
    uncertainty: tuple[str, ...] = ("guideline14", "caltrack")
    bounds: cost_bounds.Bounds = field(default_factory=dict)

    def kwargs_model(self) -> type[pydantic.BaseModel]:
        """Return the pydantic model of the keyword arguments. Raises ModelFailure if this worker lacks the model."""
        return self.settings if isinstance(self.settings, type) else self.settings()


DAILY_UNCERTAINTY = ("regression", "guideline14", "caltrack")
MODEL_CLASSES = (
    ModelClass(
        "DailyModel", ChangepointModel.current, DailyKwargs, "daily", DAILY_UNCERTAINTY, cost_bounds.CHANGEPOINT
    ),
    ModelClass(
        "DailyLegacyModel",
        ChangepointModel.legacy,
        DailyLegacyKwargs,
        "daily",
        DAILY_UNCERTAINTY,
        cost_bounds.CHANGEPOINT,
    ),
    ModelClass(
        "CaltrackBillingModel",
        CaltrackBillingModel,
        CaltrackBillingSettings,
        "caltrack_billing",
        ("regression", "guideline14", "caltrack", "bootstrap"),
    ),
    ModelClass(
        "BillingModel", ChangepointModel.billing, DailyLegacySettings, "billing", bounds=cost_bounds.CHANGEPOINT
    ),
    ModelClass(
        "HourlyModel",
        lambda kwargs: hourly().HourlyElasticNet(kwargs),
        lambda: hourly().HourlySettings,
        "hourly",
        bounds=cost_bounds.HOURLY,
    ),
    ModelClass(
        "HourlyCaltrackModel", lambda kwargs: hourly().HourlyCaltrack(kwargs), lambda: hourly().NoSettings, "hourly"
    ),
)
# by formatter; "billing" stands for the formatter of either billing model
DEFAULT_MODELS = {
    "daily": "DailyModel",
    "billing": "CaltrackBillingModel",
    "caltrack_billing": "CaltrackBillingModel",
    "hourly": "HourlyModel",
}

# The names in the original datastore, and the models that replace them.
MODEL_ALIASES = {
    "SeasonalElasticNetCVModel": "DailyModel",
    "CaltrackDailyModel": "DailyLegacyModel",
    "CaltrackMonthlyModel": "CaltrackBillingModel",
    "BillingElasticNetCVModel": "CaltrackBillingModel",
}
BILLING_ALIAS, INTERVAL_ALIAS = "ModelDataBillingFormatter", "ModelDataFormatter"
FREQ_STR = {"D": "daily", "H": "hourly"}  # ModelDataFormatter's row frequency, as a pandas alias
MINUTES_PER_HOUR = 60


@dataclass(frozen=True)
class Registry:
    """The models and formatters of this deployment, by name."""

    model_classes: Mapping[str, ModelClass]
    formatters: Mapping[str, Formatter]

    @classmethod
    def of(cls, modules: Iterable[ModuleType]) -> "Registry":
        """Return the built-in models and those in the MODEL_CLASSES and FORMATTERS of a deployment's own modules."""
        model_classes, formatters = [*MODEL_CLASSES], [*FORMATTERS]
        for module in modules:
            model_classes += getattr(module, "MODEL_CLASSES", ())
            formatters += getattr(module, "FORMATTERS", ())
        return cls({one.name: one for one in model_classes}, {one.name: one for one in formatters})


@dataclass(frozen=True)
class Choice:
    """The model and formatter of one run, with validated keyword arguments and their defaults."""

    model_class: ModelClass
    model_kwargs: dict[str, Any]
    formatter: Formatter
    ignore_sufficiency: bool
    outliers: Literal["keep", "exclude"]
    uncertainty: str
    reporting_window: Window

    @property
    def exclude_outliers(self) -> bool:
        """Whether outliers count as missing."""
        return self.outliers == "exclude"

    @property
    def formatter_kwargs(self) -> dict[str, Any]:
        """The keyword arguments of the formatter, including defaults."""
        return {"ignore_sufficiency": self.ignore_sufficiency, "outliers": self.outliers}

    @property
    def changed_kwargs(self) -> dict[str, Any]:
        """The keyword arguments of the model that are not the defaults."""
        kwargs_model = self.model_class.kwargs_model()
        settings = kwargs_model(**_silent(self.model_kwargs, kwargs_model))
        return settings.model_dump(mode="json", exclude_defaults=True)

    def new_model(self) -> Model:
        """Return a new, unfitted model."""
        return self.model_class.make(_silent(self.model_kwargs, self.model_class.kwargs_model()))


def choose(document: Mapping[str, Any], frequency: Frequency, registry: Registry) -> Choice:
    """Return what the input names, or the default for its frequency. Raises ModelFailure, listing what is allowed."""
    formatter_kwargs = _object(document.get("formatter_kwargs"), "formatter_kwargs")
    formatter_name = _formatter_name(document.get("formatter_class"), formatter_kwargs, registry)
    model_name = document.get("model_class")
    if model_name is None:
        model_name = _default_model(formatter_name or ("billing" if frequency.is_billing else "daily"), registry)
    model_name = MODEL_ALIASES.get(model_name, model_name)
    _check_known("model_class", model_name, (*registry.model_classes, *MODEL_ALIASES))
    model_class = registry.model_classes[model_name]
    formatter = registry.formatters[model_class.formatter]
    if formatter_name not in (None, formatter.name) and not formatter_name == "billing" == formatter.frequency:
        raise ModelFailure(
            f"formatter_class is {formatter_name!r}, but {model_name} needs {formatter.name!r}: set"
            f" formatter_class to {formatter.name!r}, or leave it out."
        )
    _check_frequency(model_name, formatter, frequency)
    return Choice(
        model_class=model_class,
        model_kwargs=_model_kwargs(document.get("model_kwargs"), model_class),
        formatter=formatter,
        **_formatter_kwargs(formatter_kwargs),
        uncertainty=_uncertainty(document.get("uncertainty"), model_class),
        reporting_window=_reporting_window(document.get("reporting_window")),
    )


def _uncertainty(given: Any, model_class: ModelClass) -> str:
    if given is None:
        return model_class.uncertainty[0]
    _check_known("uncertainty", given, UNCERTAINTY_METHODS)
    if given not in model_class.uncertainty:
        supported = ", ".join(model_class.uncertainty)
        raise ModelFailure(f"{model_class.name} does not support uncertainty {given!r}; choose one of {supported}.")
    return str(given)


def _reporting_window(given: Any) -> Window:
    if given is None:
        return FIRST_YEAR
    if isinstance(given, Mapping):
        try:
            return checked(given)
        except ValueError as error:
            raise ModelFailure(f"reporting_window is invalid: {error}.") from error
    _check_known("reporting_window", given, (*NAMED_WINDOWS, '{"start": ..., "end": ...}'))
    return str(given)


def _formatter_name(given: Any, kwargs: dict[str, Any], registry: Registry) -> str | None:
    """Return the name of the formatter; removes freq_str, which selects it for an original formatter, from `kwargs`."""
    if given == BILLING_ALIAS:
        return "billing"
    if given == INTERVAL_ALIAS:
        freq_str = kwargs.pop("freq_str", "D")
        if freq_str not in FREQ_STR:
            raise ModelFailure(f"formatter_kwargs.freq_str is {freq_str!r}; it must be {' or '.join(FREQ_STR)}.")
        return FREQ_STR[freq_str]
    if given is not None:
        _check_known("formatter_class", given, (*registry.formatters, INTERVAL_ALIAS, BILLING_ALIAS))
    return given  # type: ignore[no-any-return]


def _default_model(formatter: str, registry: Registry) -> str:
    own = (name for name, known in registry.model_classes.items() if known.formatter == formatter)
    name = DEFAULT_MODELS.get(formatter) or next(own, None)
    if name is None:
        raise ModelFailure(f"No model uses formatter_class {formatter!r}; name a model_class.")
    return name


def _check_frequency(model_name: str, formatter: Formatter, frequency: Frequency) -> None:
    if frequency.is_billing and formatter.frequency != "billing":
        raise ModelFailure(
            f"{model_name} needs readings of a day or less, but the trace has bills ({frequency.name}): choose"
            " CaltrackBillingModel."
        )
    if formatter.is_hourly and (frequency.minutes or MINUTES_PER_HOUR + 1) > MINUTES_PER_HOUR:
        raise ModelFailure(
            f"{model_name} needs readings of an hour or less, but the trace's frequency is {frequency.name}: choose"
            " DailyModel or CaltrackBillingModel."
        )


def _model_kwargs(given: Any, model_class: ModelClass) -> dict[str, Any]:
    kwargs = _object(given, "model_kwargs")
    kwargs_model = model_class.kwargs_model()
    _check_keys(kwargs, kwargs_model, "model_kwargs")
    try:
        settings = kwargs_model(**_silent(kwargs, kwargs_model))
    except pydantic.ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()
        )
        hint = ' Set "developer_mode": true in model_kwargs to change it anyway.' if "Developer mode" in faults else ""
        raise ModelFailure(f"The model_kwargs of {model_class.name} are invalid: {faults}.{hint}") from error
    filled: dict[str, Any] = settings.model_dump(mode="json")
    cost_bounds.check(filled, model_class.name, model_class.bounds)
    return filled


def _silent(kwargs: Mapping[str, Any], settings: type[pydantic.BaseModel]) -> dict[str, Any]:
    """Return the arguments, with eemeter's console warning about developer mode turned off, where there is one."""
    silence = {"silent_developer_mode": True} if "silent_developer_mode" in settings.model_fields else {}
    return {**kwargs, **silence}


def _check_keys(given: Any, settings: type[pydantic.BaseModel], where: str) -> None:
    """Raise ModelFailure for an unknown key; eemeter would silently ignore it."""
    if not isinstance(given, Mapping):
        raise ModelFailure(f"{where} is {given!r}; it must be an object.")
    allowed = {name: field for name, field in settings.model_fields.items() if name != "silent_developer_mode"}
    for key, value in given.items():
        field = allowed.get(key.lower())
        if field is None:
            options = (
                f"use one of {', '.join(allowed)}"
                if allowed
                else "this model takes no arguments: leave model_kwargs out"
            )
            raise ModelFailure(f"{where} has no argument {key!r}; {options}.")
        if isinstance(field.annotation, type) and issubclass(field.annotation, pydantic.BaseModel):
            _check_keys(value, field.annotation, f"{where}.{key}")


def _formatter_kwargs(given: Mapping[str, Any]) -> dict[str, Any]:
    for key in given:
        if key not in ("ignore_sufficiency", "outliers"):
            raise ModelFailure(
                f"formatter_kwargs has no argument {key!r}; use ignore_sufficiency, outliers or, with {INTERVAL_ALIAS},"
                " freq_str."
            )
    ignore_sufficiency, outliers = given.get("ignore_sufficiency", False), given.get("outliers", "keep")
    if not isinstance(ignore_sufficiency, bool):
        raise ModelFailure(f"formatter_kwargs.ignore_sufficiency is {ignore_sufficiency!r}; it must be true or false.")
    if outliers not in ("keep", "exclude"):
        raise ModelFailure(f"formatter_kwargs.outliers is {outliers!r}; it must be 'keep' or 'exclude'.")
    return {"ignore_sufficiency": ignore_sufficiency, "outliers": outliers}


def _object(given: Any, where: str) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise ModelFailure(f"{where} is {given!r}; it must be an object.")
    return dict(given or {})


def _check_known(key: str, name: Any, known: Iterable[str]) -> None:
    if name not in known:
        raise ModelFailure(f"{key} {name!r} is unknown; use one of {', '.join(known)}.")
