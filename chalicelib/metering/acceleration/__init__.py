"""Run eemeter's models several times faster, with bit-identical results.

    with accelerated():
        model = DailyModel().fit(data)

Most of the time of a fit is spent in a function of 365 numbers that the optimizer calls thousands of times, and in
tables that pandas builds row by row. The modules here do the same arithmetic in the same order with less overhead; each
states which part of eemeter it replaces. Nothing here is compiled. tests/proof verifies that the results are identical,
for the eemeter version VERIFIED.
"""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import version
from typing import Any

from chalicelib.metering.acceleration import libm

VERIFIED = "4.1.1"

__all__ = ["VERIFIED", "accelerated", "include"]

_included = [f"{__name__}.replacements"]  # modules with REPLACEMENTS; importing them needs the verified eemeter
_active: list[ExitStack] = []


def include(module: str) -> None:
    """Add the REPLACEMENTS of a module to accelerated(), including the one that is currently active.

    The hourly models are imported during a run, when accelerated() may already be active.
    """
    _included.append(module)
    for stack in _active[-1:]:
        stack.enter_context(_replaced(importlib.import_module(module).REPLACEMENTS))


@contextmanager
def accelerated() -> Iterator[None]:
    """Replace parts of eemeter with the functions of this package.

    If eemeter's version is not the verified one, or NumPy does not agree with the C library, eemeter is left unchanged
    and a RuntimeWarning is issued.
    """
    incompatibility = _incompatibility()
    if incompatibility:
        warnings.warn(f"eemeter is not accelerated: {incompatibility}.", RuntimeWarning, stacklevel=3)
        yield
        return
    with ExitStack() as stack:
        for module in _included:
            stack.enter_context(_replaced(importlib.import_module(module).REPLACEMENTS))
        _active.append(stack)
        stack.callback(_active.remove, stack)
        yield


@contextmanager
def _replaced(replacements: tuple[tuple[Any, str, Any], ...]) -> Iterator[None]:
    before = [(place, name, getattr(place, name)) for place, name, _ in replacements]
    try:
        for place, name, ours in replacements:
            setattr(place, name, ours)
        yield
    finally:
        for place, name, theirs in before:
            setattr(place, name, theirs)


@cache
def _incompatibility() -> str | None:
    if version("eemeter") != VERIFIED:
        return f"the acceleration is verified for eemeter {VERIFIED}, but the installed version is {version('eemeter')}"
    if not libm.is_exact():
        return "NumPy's float_power or complex exp differ from the C library's pow and exp on this machine"
    return None
