"""The models and settings of the equivalence test: the kind of model, and its constructor arguments."""

from typing import Any

Variant = tuple[str, dict[str, Any]]


def _changed(kind: str = "daily", *, legacy: bool = False, **settings: Any) -> Variant:
    arguments: dict[str, Any] = {"settings": {"developer_mode": True, "silent_developer_mode": True, **settings}}
    return kind, arguments | ({"model": "legacy"} if legacy else {})


MODELS: dict[str, Variant] = {
    "current": ("daily", {"model": "current"}),
    "legacy": ("daily", {"model": "legacy"}),
    "billing": ("billing", {}),
}
SETTINGS: dict[str, Variant] = {
    "weighted": ("weighted", {}),
    "weighted adaptive": _changed("weighted", alpha_final="adaptive"),
    "weighted alpha_selection 1": _changed("weighted", alpha_selection=1.0, segment_minimum_count=4),
    "billing adaptive": _changed("billing", alpha_final="adaptive"),
    "legacy adaptive": _changed(legacy=True, alpha_final="adaptive"),
    "legacy alpha 1": _changed(legacy=True, alpha_final=1.0, alpha_selection=1.0),
    **{f"alpha_final {alpha}": _changed(alpha_final=alpha) for alpha in (2.0, 1.5, 1.0, 0.5, 0.0, -2.0, -30.0, -100.0)},
    **{f"alpha_selection {alpha}": _changed(alpha_selection=alpha) for alpha in (1.5, 1.0, 0.0, -2.0, -10.0)},
    "alpha_selection 1 plain": _changed(alpha_selection=1.0, allow_smooth_model=False),
    "alpha_selection 1 ridge": _changed(
        alpha_selection=1.0, allow_smooth_model=False, regularization_alpha=0.1, regularization_percent_lasso=0.3
    ),
    "alpha_selection 0 one slope": _changed(alpha_selection=0.0, full_model="c_hdd_tidd", regularization_alpha=0.1),
    "all": _changed(alpha_final_type="all"),
    "all, alpha 1": _changed(alpha_final_type="all", alpha_final=1.0),
    "all, wide": _changed(alpha_final_type="all", final_bounds_scalar=10.0),
    "no final": _changed(alpha_final_type=None, final_bounds_scalar=None),
    "no final, no alpha": _changed(alpha_final_type=None, alpha_final=None, final_bounds_scalar=None),
    "narrow bounds": _changed(final_bounds_scalar=0.01),
    **{f"lasso {share}": _changed(regularization_percent_lasso=share) for share in (0.5, 0.0)},
    **{f"regularization {alpha}": _changed(regularization_alpha=alpha) for alpha in (0.0, 0.1, 10.0)},
    "c_hdd_tidd": _changed(full_model="c_hdd_tidd"),
    "c_hdd_tidd plain": _changed(full_model="c_hdd_tidd", allow_smooth_model=False),
    "c_hdd_tidd lasso 0.5": _changed(full_model="c_hdd_tidd", regularization_percent_lasso=0.5, alpha_selection=1.0),
    "tidd": _changed(full_model="tidd"),
    "tidd alpha_selection 0": _changed(full_model="tidd", alpha_selection=0.0),
    "plain": _changed(allow_smooth_model=False),
    "legacy smooth": _changed(legacy=True, allow_smooth_model=True),
    **{
        f"{algorithm}": _changed(algorithm_choice=algorithm)
        for algorithm in (  # not nlopt's gradient-based ones: eemeter gives no gradient, and its fits vary
            "scipy_brent",
            "scipy_bounded",
            "scipy_nelder-mead",
            "scipy_l-bfgs-b",
            "scipy_slsqp",
            "scipy_powell",
            "scipy_cobyla",
            "scipy_direct",
            "nlopt_neldermead",
            "nlopt_bobyqa",
            "nlopt_sbplx",  # not COBYLA, which returns uninitialized memory if a loss is NaN
            "nlopt_direct",
            "nlopt_crs2_lm",
        )
    },
    "tidd by scipy_brent": _changed(full_model="tidd", algorithm_choice="scipy_brent"),
    "tidd by scipy_bounded": _changed(full_model="tidd", algorithm_choice="scipy_bounded"),
    **{
        f"first {algorithm}": _changed(initial_guess_algorithm_choice=algorithm)
        for algorithm in (
            "nlopt_neldermead",
            "nlopt_sbplx",
            "nlopt_direct_l",
            "nlopt_crs2_lm",
            "nlopt_esch",
            "scipy_nelder-mead",
            "scipy_direct",
            "scipy_bounded",
        )
    },
    "c_hdd_tidd, first scipy_bounded": _changed(
        full_model="c_hdd_tidd", initial_guess_algorithm_choice="scipy_bounded"
    ),
    **{
        f"by {criteria}": _changed(split_selection={"criteria": criteria})
        for criteria in ("rmse", "rmse_adj", "r_squared", "r_squared_adj", "aic", "aicc", "caic", "sabic", "fpe")
    },
    "r_squared plain": _changed(allow_smooth_model=False, split_selection={"criteria": "r_squared_adj"}),
    "r_squared one slope": _changed(
        full_model="c_hdd_tidd", allow_smooth_model=False, split_selection={"criteria": "r_squared"}
    ),
    "all splits": _changed(
        split_selection={"reduce_splits_by_gaussian": False, "reduce_splits_num_std": None, "penalty_multiplier": 0.0}
    ),
    **{f"segments of {count}": _changed(segment_minimum_count=count) for count in (3, 20, 60)},
    "steep": _changed(maximum_slope_oom_scalar=50.0),
    "small steps": _changed(initial_step_percentage=0.01),
    "large steps": _changed(initial_step_percentage=0.5),
    "alpha_minimum": _changed(alpha_minimum=-10.0, alpha_final=-10.0),
    "other seasons": ("daily", {"settings": {"season": {"march": "winter", "november": "shoulder"}}}),
    "other week": ("daily", {"settings": {"weekday_weekend": {"friday": "weekend", "sunday": "weekday"}}}),
}
VARIANTS: dict[str, Variant] = MODELS | SETTINGS
