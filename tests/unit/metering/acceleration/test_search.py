"""Our scalar minimization evaluates the same numbers as SciPy's, and gives the same result."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from chalicelib.metering.acceleration import search
from tests.unit.metering.acceleration.same import exact, outcome

Function = Callable[[float], float]

numbers = st.floats(-1e3, 1e3, allow_subnormal=False)


def wave(x: float) -> float:
    return math.sin(x) if math.isfinite(x) else math.nan


FUNCTIONS: dict[str, Callable[[float, float, float], Function]] = {
    "parabola": lambda a, b, c: lambda x: a * (x - b) * (x - b) + c,
    "fourth power": lambda a, b, c: lambda x: (x - a) * (x - a) * (x - a) * (x - a) + b * x,
    "waves": lambda a, b, c: lambda x: wave(a * x) + b * wave(c * x + 1),
    "waves in a bowl": lambda a, b, c: lambda x: wave(a * x) + (x - b) * (x - b) / 100,
    "corner": lambda a, b, c: lambda x: abs(x - a) + b,
    "line": lambda a, b, c: lambda x: a * x + b,
    "flat": lambda a, b, c: lambda x: a,
    "steps": lambda a, b, c: lambda x: float(math.floor(min(max(a * x + b, -1e9), 1e9))) ** 2,
    "exponential": lambda a, b, c: lambda x: math.exp(min(abs(a * x) + abs(b), 700)),
    "not a number": lambda a, b, c: lambda x: math.nan if x > a else (x - b) * (x - b),
    "infinite": lambda a, b, c: lambda x: math.inf if x > a else (x - b) * (x - b),
}


def watched(function: Function, seen: list[float]) -> Function:
    def watching(x: float) -> float:
        seen.append(float(x))
        return function(float(x))

    return watching


@pytest.mark.parametrize("name", FUNCTIONS)
@given(numbers, numbers, numbers, st.sampled_from([0.1, 1e-3, 1e-8]))
@example(0.0, 0.0, 0.0, 0.1)
def test_brent(name: str, a: float, b: float, c: float, tol: float) -> None:
    theirs: list[float] = []
    ours: list[float] = []
    function = FUNCTIONS[name](a, b, c)
    expected = outcome(lambda: minimize_scalar(watched(function, theirs), method="brent", tol=tol).x)
    found = outcome(lambda: search.brent(watched(function, ours), tol=tol))
    assert found == expected
    # without a bracket, ours leaves the search to SciPy, after its own evaluations
    assert exact(ours[-len(theirs) :]) == exact(theirs)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(numbers, numbers, numbers, st.sampled_from([(-1e-5, 1 + 1e-5), (-3.0, 1e3), (0.25, 0.5)]))
@example(0.0, 0.0, 0.0, (-1e-5, 1 + 1e-5))
def test_bounded(name: str, a: float, b: float, c: float, bounds: tuple[float, float]) -> None:
    theirs: list[float] = []
    ours: list[float] = []
    with np.errstate(all="ignore"):
        function = watched(FUNCTIONS[name](a, b, c), theirs)
        expected = minimize_scalar(function, bounds=bounds, method="bounded", options={"xatol": 1e-5}).x
        found = search.bounded(watched(FUNCTIONS[name](a, b, c), ours), *bounds, xatol=1e-5)
    assert [float(expected).hex(), *map(float.hex, theirs)] == [found.hex(), *map(float.hex, ours)]
