"""The replacements in eemeter: each name that its modules look up, and the function that replaces it."""

from typing import Any

import eemeter.common.utils
import eemeter.eemeter.models.billing.data
import eemeter.eemeter.models.daily.data
from eemeter.eemeter.models.daily import model, optimize, optimize_results
from eemeter.eemeter.models.daily.base_models import c_hdd_tidd, full_model, hdd_tidd_cdd, tidd

from chalicelib.metering.acceleration import bounds, curve, guess, loss, objective, rows, spread, temperatures

REPLACEMENTS: tuple[tuple[Any, str, Any], ...] = tuple(
    (module, ours.__name__, ours)
    for ours, modules in (
        (objective.obj_fcn_decorator, (hdd_tidd_cdd, c_hdd_tidd, tidd)),
        (objective.obj_fcn_dec, (optimize,)),
        (guess._hdd_tidd_cdd_smooth_x0, (hdd_tidd_cdd,)),
        (guess.get_slope, (hdd_tidd_cdd, c_hdd_tidd)),
        (curve.full_model, (full_model, hdd_tidd_cdd, c_hdd_tidd, tidd, model, optimize_results)),
        (loss.adaptive_weights, (hdd_tidd_cdd, c_hdd_tidd, full_model)),
        (spread.OoM_numba, (eemeter.common.utils,)),  # only where no compiled function uses it
        (rows._initialize_data, (model.DailyModel,)),
        (bounds.fix_identical_bnds, (hdd_tidd_cdd, c_hdd_tidd, tidd)),
        (
            temperatures.compute_temperature_features,
            (eemeter.eemeter.models.daily.data, eemeter.eemeter.models.billing.data),
        ),
    )
    for module in modules
)
