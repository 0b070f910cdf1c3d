"""eemeter's daily and billing models, several times as fast and the same to the last bit.

    with accelerated():
        model = DailyModel().fit(data)

Most of a fit goes into a function of 365 numbers that the optimiser asks thousands of times, and into tables that
pandas builds a row at a time. The modules here do the same arithmetic in the same order with fewer steps around it;
each says which part of eemeter it stands for. Nothing here is compiled. That the results are equal is held by
tests/proof, for the version of eemeter that PROVED names.
"""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import version
from typing import Any

from chalicelib.metering.acceleration import libm

PROVED = "4.1.1"

__all__ = ["PROVED", "accelerated", "include"]

_included = [f"{__name__}.replacements"]  # modules that say what stands where; they need the eemeter that was proved
_under_way: list[ExitStack] = []


def include(module: str) -> None:
    """Have accelerated() do the REPLACEMENTS of a module, too, and any that is under way.

    Hourly models are imported in the midst of a run.
    """
    _included.append(module)
    for stack in _under_way[-1:]:
        stack.enter_context(_in_place(importlib.import_module(module).REPLACEMENTS))


@contextmanager
def accelerated() -> Iterator[None]:
    """eemeter with the modules of this package in place of its own.

    Where that was not proved, with another version of eemeter or another C library, eemeter stays as it is, with a
    RuntimeWarning.
    """
    why_not = _why_not()
    if why_not:
        warnings.warn(f"eemeter runs at its own speed: {why_not}.", RuntimeWarning, stacklevel=3)
        yield
        return
    with ExitStack() as stack:
        for module in _included:
            stack.enter_context(_in_place(importlib.import_module(module).REPLACEMENTS))
        _under_way.append(stack)
        stack.callback(_under_way.remove, stack)
        yield


@contextmanager
def _in_place(replacements: tuple[tuple[Any, str, Any], ...]) -> Iterator[None]:
    before = [(place, name, getattr(place, name)) for place, name, _ in replacements]
    try:
        for place, name, ours in replacements:
            setattr(place, name, ours)
        yield
    finally:
        for place, name, theirs in before:
            setattr(place, name, theirs)


@cache
def _why_not() -> str | None:
    if version("eemeter") != PROVED:
        return f"the acceleration was proved with eemeter {PROVED}, and this is {version('eemeter')}"
    if not libm.is_exact():
        return "NumPy's float_power or complex exp differ from the C library's pow and exp here"
    return None
