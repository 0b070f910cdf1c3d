"""Calls of chalicelib.metering, with the deployment's own models."""

import gc
import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from chalicelib.settings import settings


def compute(function: Callable[..., dict[str, Any]], meter_input: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Call `run_meter` or `check_meter` with an input.

    Raises MeterFailure if the input is at fault; unexpected errors of the computation are deterministic and become
    ModelFailure. Raises MemoryError, ImportError or OSError if the machine is at fault, so that a retry may succeed.
    """
    from chalicelib.metering import MeterFailure, ModelFailure

    module = settings().model_module
    try:
        modules = [importlib.import_module(module)] if module else []
        return function(meter_input, modules, **options)
    except (MeterFailure, MemoryError, ImportError, OSError):
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {error}".rstrip(".")
        raise ModelFailure(
            f"The model cannot be computed from these data: {cause}. Check the readings and the model's arguments."
        ) from error


@cache
def freeze_imports() -> None:
    """Exclude imported modules from garbage collection, which took a tenth of each run."""
    gc.freeze()
