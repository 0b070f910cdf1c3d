"""Fit bills with eemeter 3.2.0; benchmarks/equality/caltrack.py runs this file in the environment that has it.

    python caltrack_reference.py METERS > FITS

METERS and FITS are JSON: a list of `caltrack.Meter`, and a list of fits like those of `caltrack.fit_ours`.
"""

import json
import sys
import time
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import pandas as pd
from eemeter.caltrack.usage_per_day import fit_caltrack_usage_per_day_model, select_best_candidate
from eemeter.features import compute_temperature_features, compute_usage_per_day_feature, merge_features

PROCESSES = 2
POINTS = range(30, 91)  # F
# eemeter's `create_caltrack_billing_design_matrix` uses 35 days, which covers only half of a bimonthly bill's weather
MAX_BILL = pd.Timedelta("70D")
NEGATIVE_INTERCEPT = ".intercept_negative"


def design_matrix(meter: dict[str, Any]) -> pd.DataFrame:
    """Return one row per bill: usage per day, degree days per day at each balance point, days with temperatures."""
    starts = pd.DatetimeIndex(pd.to_datetime(meter["starts"], utc=True))
    bills = pd.DataFrame({"value": [*meter["energy"], None]}, index=starts, dtype=float)
    clock = pd.date_range(starts[0], periods=len(meter["temperature"]), freq="H")
    features = compute_temperature_features(
        starts,
        pd.Series(meter["temperature"], index=clock, dtype=float),
        heating_balance_points=POINTS,
        cooling_balance_points=POINTS,
        data_quality=True,
        tolerance=MAX_BILL,
    )
    matrix: pd.DataFrame = merge_features([compute_usage_per_day_feature(bills, series_name="meter_value"), features])
    return matrix


def fit(meter: dict[str, Any]) -> dict[str, Any]:
    """Return the model that eemeter chooses; for a net meter, its choice if negative intercepts were allowed."""
    began = time.process_time()
    fitted = fit_caltrack_usage_per_day_model(
        design_matrix(meter), use_billing_presets=True, weights_col="n_days_kept", fit_cdd=meter["electricity"]
    )
    seconds = time.process_time() - began
    own = fitted.model
    if any(energy is not None and energy < 0 for energy in meter["energy"]):
        for candidate in fitted.candidates:
            names = [warning.qualified_name for warning in candidate.warnings]
            if candidate.status == "DISQUALIFIED" and all(name.endswith(NEGATIVE_INTERCEPT) for name in names):
                candidate.status = "QUALIFIED"
        chosen, _ = select_best_candidate(fitted.candidates)
    else:
        chosen = own
    parameters = chosen.model_params
    return {
        "model_type": chosen.model_type,
        "intercept": parameters["intercept"],
        "heating_slope": parameters.get("beta_hdd", 0.0),
        "cooling_slope": parameters.get("beta_cdd", 0.0),
        "heating_balance_point": parameters.get("heating_balance_point"),
        "cooling_balance_point": parameters.get("cooling_balance_point"),
        "r2_adjusted": chosen.r_squared_adj,
        "seconds": seconds,
        "own_choice": chosen is own,
    }


def main(path: str) -> None:
    meters = json.loads(Path(path).read_text())
    with Pool(PROCESSES) as pool:
        json.dump(pool.map(fit, meters, chunksize=1), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
