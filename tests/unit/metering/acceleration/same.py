"""Represent the result or error of a call, for a bit-exact comparison."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return the result as exact strings, or the error; all NaNs are equal."""
    with np.errstate(all="ignore"), contextlib.suppress(RuntimeWarning):
        try:
            return exact(function(*args, **kwargs))
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def exact(value: Any) -> Any:
    if isinstance(value, list | tuple | np.ndarray):
        return [exact(item) for item in value]
    return value if value is None else (float(value) + 0.0).hex()  # removes the sign of 0
