"""eemeter's daily and billing models, imported without the packages that only the rest of eemeter uses.

`import eemeter` imports all of it: the hourly models with scikit-learn, scikit-fda and statsmodels, a downloader and
more. This module, when it is imported before eemeter, imports the daily and billing models alone. The other parts come
when they are first touched, where their packages are installed. In the lean tree (infra/packaging/lean.py), which has
NumPy, SciPy, pandas, nlopt and pydantic beside eemeter and no more, touching them raises an EngineError that says so.

Only eemeter 4.1.1 was proved to work so. Any other version is imported whole, as is one that was imported before.
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

PROVED = "4.1.1"
PACKAGES = ("eemeter", "eemeter.common", "eemeter.eemeter", "eemeter.eemeter.models")  # whose __init__ imports all
PARTS = ("eemeter.eemeter.models.daily", "eemeter.eemeter.models.billing")
_SEGMENTS = "eemeter.eemeter.models.hourly_caltrack.segmentation"  # its functions are in eemeter's features, unused
_FORMULAS = "statsmodels.formula.api"  # likewise
_NEEDED_BY_HOURS = ("numba", "pywt", "skfda", "sklearn", "statsmodels")


class EngineError(ImportError):
    """Something was asked for that the lean tree does not have; the message says what, and what would have it."""

    def __init__(self, what: str, error: ImportError) -> None:
        self.cause: ImportError = error.cause if isinstance(error, EngineError) else error
        super().__init__(
            f"{what} is not part of the lean engine, which has eemeter's daily and billing models only ({self.cause})."
            " Install the packages of requirements-meter.txt to use it."
        )


class _StandIn(ModuleType):
    """A module that makes what it is asked for, by `_made`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":  # what inspection looks for
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self._made(name)

    def _made(self, name: str) -> Any:
        raise EngineError(f"{self.__name__}.{name}", ImportError(f"No module named {self.__name__!r}"))


class _Package(_StandIn):
    """A package of eemeter whose own __init__ waits until something is asked for that is in none of its modules."""

    __spec__: Any

    def _made(self, name: str) -> Any:
        try:
            if importlib.util.find_spec(f"{self.__name__}.{name}"):
                return importlib.import_module(f"{self.__name__}.{name}")
            self.__class__ = ModuleType  # type: ignore[assignment]  # it is no longer one that waits
            self.__spec__.loader.exec_module(self)
        except ImportError as error:
            self.__class__ = _Package
            raise EngineError(f"{self.__name__}.{name}", error) from error
        return getattr(self, name)


class _Deferred(_StandIn):
    """A module of functions, each of which imports the real one when it is called."""

    def _made(self, name: str) -> Callable[..., Any]:
        def deferred(*args: Any, **kwargs: Any) -> Any:
            try:
                real = importlib.import_module(self.__name__)
            except ImportError as error:
                raise EngineError(f"{self.__name__}.{name}", error) from error
            return getattr(real, name)(*args, **kwargs)

        return deferred


class _NoNumba(_StandIn):
    """numba without a compiler: its decorators leave eemeter's functions as they are."""

    config = SimpleNamespace(DISABLE_JIT=True)
    float64 = np.float64

    @staticmethod
    def jit(**options: Any) -> Callable[[Any], Any]:
        return lambda function: function

    @staticmethod
    def overload(function: Any) -> Callable[[Any], Any]:
        return lambda implementation: implementation


def hourly() -> ModuleType:
    """chalicelib.metering.hourly, imported when first asked for. Raises NoHourlyModels where its packages are not."""
    if not all(map(importlib.util.find_spec, _NEEDED_BY_HOURS)):
        raise NoHourlyModels(
            "This worker has no hourly models, only eemeter's daily and billing ones: choose a DailyModel or a"
            " BillingModel, or have the run done where the packages of requirements-meter.txt are installed."
        )
    return importlib.import_module("chalicelib.metering.hourly")


def _import_parts() -> None:
    """Import PARTS, with their names where eemeter has them: `from eemeter.eemeter import DailyModel`."""
    try:
        for name in PACKAGES:
            _add_package(name)
        with _standing_in():
            parts = [importlib.import_module(name) for name in PARTS]
    except BaseException:
        for name in [name for name in sys.modules if name.split(".")[0] == "eemeter"]:
            del sys.modules[name]  # half of it is of no use to whoever tries again
        raise
    vars(sys.modules["eemeter"]).update(__version__=PROVED)
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
def _standing_in() -> Iterator[None]:
    """Stand-ins among the modules for as long as eemeter is imported: nobody else is to find them there."""
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


if version("eemeter") == PROVED and "eemeter" not in sys.modules:
    _import_parts()
