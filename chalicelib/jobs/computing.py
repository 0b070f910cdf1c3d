"""chalicelib.metering as the functions call it: with the deployment's own models."""

import gc
import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from chalicelib.settings import settings


def compute(function: Callable[..., dict[str, Any]], meter_input: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What `run_meter` or `check_meter` makes of an input.

    What the computation raises once it would raise again, unless the machine is at fault: it raises MeterFailure, or
    MemoryError, ImportError or OSError.
    """
    from chalicelib.metering import MeterFailure, ModelFailure

    module = settings().model_module
    try:
        modules = [importlib.import_module(module)] if module else []
        return function(meter_input, modules, **options)
    except (MeterFailure, MemoryError, ImportError, OSError):
        raise
    except Exception as error:
        raise ModelFailure(f"The model cannot be computed from these data: {type(error).__name__}: {error}") from error


@cache
def freeze_imports() -> None:
    """Let the garbage collector pass over what has been imported: it took a tenth of a run to look through it."""
    gc.freeze()
