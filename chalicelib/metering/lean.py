"""Import eemeter's daily and billing models without the packages that only the rest of eemeter uses.

`import eemeter` imports all of it: the hourly models with scikit-learn, scikit-fda and statsmodels, a downloader and
more. If this module is imported before eemeter, it imports only the daily and billing models. Other parts are imported
on first access, if their packages are installed. In the lean tree (the package directory built by
infra/packaging/lean.py), which has only NumPy, SciPy, pandas, nlopt and pydantic in addition to eemeter, accessing them
raises an EngineError.

This is verified for eemeter 4.1.1 only. Any other version is imported as a whole; if eemeter is already imported,
nothing is changed.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from chalicelib.metering.failure import NoHourlyModels

VERIFIED = "4.1.1"
PACKAGES = ("eemeter", "eemeter.common", "eemeter.eemeter", "eemeter.eemeter.models")  # each __init__ imports all
PARTS = ("eemeter.eemeter.models.daily", "eemeter.eemeter.models.billing")
_SEGMENTS = "eemeter.eemeter.models.hourly_caltrack.segmentation"  # imported, but not used, by eemeter's features
_FORMULAS = "statsmodels.formula.api"  # likewise
_NEEDED_BY_HOURLY = ("numba", "pywt", "skfda", "sklearn", "statsmodels")


class EngineError(ImportError):
    """The lean tree does not have the requested part of eemeter; the message says which, and what to install."""

    def __init__(self, what: str, error: ImportError) -> None:
        self.cause: ImportError = error.cause if isinstance(error, EngineError) else error
        super().__init__(
            f"{what} is not available: this environment has only eemeter's daily and billing models ({self.cause})."
            " Install the packages of requirements-meter.txt to use it."
        )


class _StandIn(ModuleType):
    """A module that resolves its attributes on access, with `_resolve`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":  # looked up by introspection
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self._resolve(name)

    def _resolve(self, name: str) -> Any:
        raise EngineError(f"{self.__name__}.{name}", ImportError(f"No module named {self.__name__!r}"))


class _Package(_StandIn):
    """A package of eemeter whose __init__ is deferred until an attribute is needed that is not one of its modules."""

    __spec__: Any

    def _resolve(self, name: str) -> Any:
        try:
            if importlib.util.find_spec(f"{self.__name__}.{name}"):
                return importlib.import_module(f"{self.__name__}.{name}")
            self.__class__ = ModuleType  # type: ignore[assignment]  # no longer deferred
            self.__spec__.loader.exec_module(self)
        except ImportError as error:
            self.__class__ = _Package
            raise EngineError(f"{self.__name__}.{name}", error) from error
        return getattr(self, name)


class _Deferred(_StandIn):
    """A module of functions that import the real module when called."""

    def _resolve(self, name: str) -> Callable[..., Any]:
        def deferred(*args: Any, **kwargs: Any) -> Any:
            try:
                real = importlib.import_module(self.__name__)
            except ImportError as error:
                raise EngineError(f"{self.__name__}.{name}", error) from error
            return getattr(real, name)(*args, **kwargs)

        return deferred


class _NoNumba(_StandIn):
    """numba without a compiler: its decorators return eemeter's functions unchanged."""

    config = SimpleNamespace(DISABLE_JIT=True)
    float64 = np.float64

    @staticmethod
    def jit(**options: Any) -> Callable[[Any], Any]:
        return lambda function: function

    @staticmethod
    def overload(function: Any) -> Callable[[Any], Any]:
        return lambda implementation: implementation


def hourly() -> ModuleType:
    """Import and return chalicelib.metering.models.hourly. Raises NoHourlyModels if its packages are not installed."""
    if not all(map(importlib.util.find_spec, _NEEDED_BY_HOURLY)):
        raise NoHourlyModels(
            "This worker has no hourly models, only eemeter's daily and billing models: choose DailyModel or"
            " BillingModel, or run the meter where the packages of requirements-meter.txt are installed."
        )
    return importlib.import_module("chalicelib.metering.models.hourly")


def _import_parts() -> None:
    """Import PARTS, and export their names where eemeter does: `from eemeter.eemeter import DailyModel`."""
    try:
        for name in PACKAGES:
            _add_package(name)
        with _stand_ins():
            parts = [importlib.import_module(name) for name in PARTS]
    except BaseException:
        for name in [name for name in sys.modules if name.split(".")[0] == "eemeter"]:
            del sys.modules[name]  # a partial import would break the next attempt
        raise
    vars(sys.modules["eemeter"]).update(__version__=VERIFIED)
    for package in PACKAGES[2:]:
        for part in parts:
            vars(sys.modules[package]).update((name, getattr(part, name)) for name in part.__all__)


def _add_package(name: str) -> None:
    spec: Any = importlib.util.find_spec(name)
    sys.modules[name] = package = importlib.util.module_from_spec(spec)
    package.__class__ = _Package
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Put stand-ins into sys.modules while eemeter is imported, and remove them so that nothing else finds them."""
    stand_ins: dict[str, ModuleType] = {_SEGMENTS: _Deferred(_SEGMENTS)}
    if "statsmodels" not in sys.modules:
        top, formula, api = (_Deferred(name) for name in ("statsmodels", "statsmodels.formula", _FORMULAS))
        vars(top).update(formula=formula)
        vars(formula).update(api=api)
        stand_ins |= {module.__name__: module for module in (top, formula, api)}
    if importlib.util.find_spec("numba") is None:
        stand_ins |= {name: _NoNumba(name) for name in ("numba", "numba.extending")}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


if version("eemeter") == VERIFIED and "eemeter" not in sys.modules:
    _import_parts()
