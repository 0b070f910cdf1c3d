"""What a call returns or raises, so that two can be compared bit for bit."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result in exact texts, or the error; one NaN is as good as another."""
    with np.errstate(all="ignore"), contextlib.suppress(RuntimeWarning):
        try:
            return exact(function(*args, **kwargs))
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def exact(value: Any) -> Any:
    if isinstance(value, list | tuple | np.ndarray):
        return [exact(item) for item in value]
    return value if value is None else (float(value) + 0.0).hex()  # 0 has no sign then
