"""The C library's exponential and power functions over arrays, as called element by element by compiled loops.

NumPy's own `exp` and `power` use vector kernels if the processor supports them; these differ in the last bit.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def power(base: Floats, exponent: float) -> Floats:
    """`pow(base, exponent)`: `float_power` has no vector kernel, unlike `power`."""
    raised: Floats = np.float_power(base, exponent)
    return raised


def exp(x: Floats) -> Floats:
    """`exp(x)`: the complex exponential has no vector kernel, and equals the real one for real numbers."""
    raised: Floats = np.exp(x.astype(np.complex128)).real
    return raised


def is_exact() -> bool:
    """Return whether both agree with Python's `math`, which calls the C library, for about a thousand numbers."""
    numbers = np.linspace(-20.0, 20.0, 1001)
    bases = 1.0 + numbers**2
    return exp(numbers).tolist() == [math.exp(number) for number in numbers.tolist()] and all(
        power(bases, exponent).tolist() == [math.pow(base, exponent) for base in bases.tolist()]
        for exponent in (-51.0, -1.7, 0.15, 0.95)
    )
