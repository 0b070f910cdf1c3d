"""eemeter.eemeter.models.daily.utilities.base_model: widen identical bounds for the optimizer."""

import math

import numpy as np

from chalicelib.metering.acceleration.libm import Floats
from chalicelib.metering.acceleration.spread import OoM_numba


def fix_identical_bnds(bnds: Floats) -> Floats:
    """`fix_identical_bnds`: move identical bounds apart by their order of magnitude, in place."""
    for row in bnds:
        if row[0] == row[1]:
            row += np.array([-1.0, 1.0]) * math.pow(10.0, OoM_numba(row[:1], method="floor")[0])
    return bnds
