"""Bounds of the settings that drive the time and memory of a fit, which eemeter leaves open on that side.

A fit with one of them at its bound takes at most about ten times as long as a default one.
"""

from collections.abc import Mapping
from typing import Any, Literal

from chalicelib.metering.failure import ModelFailure

Bounds = Mapping[str, tuple[Literal["at least", "at most"], float]]  # by the path of the setting in model_kwargs

CHANGEPOINT: Bounds = {
    "final_bounds_scalar": ("at most", 100),
    "maximum_slope_oom_scalar": ("at most", 100),
}
HOURLY: Bounds = {
    "temperature_bin.n_bins": ("at most", 100),
    "temporal_cluster.wavelet_n_levels": ("at most", 20),  # a day of 24 hours has at most 5
    "temporal_cluster.recluster_count": ("at most", 100),
    "temporal_cluster.n_cluster_upper": ("at most", 366),
    "elasticnet.max_iter": ("at most", 10_000),
    "elasticnet.tol": ("at least", 1e-10),
    "elasticnet.adaptive_weight_max_iter": ("at most", 1_000),
}


def check(kwargs: Mapping[str, Any], model_class: str, bounds: Bounds) -> None:
    """Raise ModelFailure for the first keyword argument of a model beyond its bound; one that is null is not in use."""
    for path, (side, bound) in bounds.items():
        value: Any = kwargs
        for name in path.split("."):
            value = None if value is None else value[name]
        if value is not None and not (value >= bound if side == "at least" else value <= bound):
            raise ModelFailure(
                f"model_kwargs.{path} of {model_class} is {value:g}; it must be {side} {bound:g}: beyond that, a"
                " run can take too long. Leave it out to use the default."
            )
