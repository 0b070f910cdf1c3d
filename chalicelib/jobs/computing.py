"""Calls of chalicelib.metering, with the deployment's own models."""

import gc
import importlib
import json
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from chalicelib.jobs import time_limit
from chalicelib.settings import settings

ADVICE = "choose another model_class, or ask the operator to give the worker more time or memory."


def compute(
    function: Callable[..., dict[str, Any]],
    meter_input: dict[str, Any],
    *,
    seconds: float | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Call `run_meter` or `check_meter` with an input. seconds: the limit of the computation's time, if any.

    Raises MeterFailure if the input is at fault; unexpected errors of the computation are deterministic and become
    ModelFailure, and so does a computation that takes longer than its limit. Raises MemoryError, ImportError or OSError
    if the machine is at fault, so that a retry may succeed.
    """
    from chalicelib.metering import MeterFailure, ModelFailure

    module = settings().model_module
    try:
        modules = [importlib.import_module(module)] if module else []
        with time_limit.of(seconds):
            return function(meter_input, modules, **options)
    except time_limit.Expired as expired:
        raise ModelFailure(_too_slow(meter_input, modules, expired.seconds)) from expired
    except (MeterFailure, MemoryError, ImportError, OSError):
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {error}".rstrip(".")
        raise ModelFailure(
            f"The model cannot be computed from these data: {cause}. Check the readings and the model's arguments."
        ) from error


def _too_slow(meter_input: dict[str, Any], modules: list[ModuleType], seconds: float) -> str:
    """Why a run failed that took longer than its limit, with the settings that may be the cause."""
    from chalicelib.metering import changed_settings

    changed = changed_settings(meter_input, modules)
    stopped = f"The model was not computed within {seconds:g} seconds, the limit of this deployment, and was stopped."
    if not changed:
        return f"{stopped} All its settings are the defaults: {ADVICE}"
    named = ", ".join(f"{path} = {json.dumps(value)}" for path, value in changed.items())
    return f"{stopped} These settings in model_kwargs are not the defaults: {named}. Leave them out, or {ADVICE}"


@cache
def freeze_imports() -> None:
    """Exclude imported modules from garbage collection, which took a tenth of each run."""
    gc.freeze()
