"""The objective equals eemeter's: its loss, its penalty, and the final result."""

from typing import Any

import eemeter.eemeter.models.daily.objective_function as theirs
import numpy as np
import pytest
from eemeter.eemeter.models.daily.base_models import c_hdd_tidd, hdd_tidd_cdd, tidd
from eemeter.eemeter.models.daily.utilities.settings import DailySettings
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.metering.acceleration import objective
from tests.unit.metering.acceleration.same import outcome

pytestmark = pytest.mark.slow

Model = tuple[Any, Any, Any, list[str]]

MODELS: dict[str, Model] = {
    "two slopes, smooth": (
        hdd_tidd_cdd.evaluate_hdd_tidd_cdd_smooth,
        hdd_tidd_cdd._hdd_tidd_cdd_smooth_weight,
        None,
        ["hdd_bp", "hdd_beta", "hdd_k", "cdd_bp", "cdd_beta", "cdd_k", "intercept"],
    ),
    "two slopes": (
        hdd_tidd_cdd._hdd_tidd_cdd,
        hdd_tidd_cdd._hdd_tidd_cdd_weight,
        hdd_tidd_cdd._hdd_tidd_cdd_total_sum_of_squares,
        ["hdd_bp", "hdd_beta", "cdd_bp", "cdd_beta", "intercept"],
    ),
    "one slope, smooth": (
        c_hdd_tidd._c_hdd_tidd_smooth,
        c_hdd_tidd._c_hdd_tidd_smooth_weight,
        None,
        ["c_hdd_bp", "c_hdd_beta", "c_hdd_k", "intercept"],
    ),
    "one slope": (
        c_hdd_tidd._c_hdd_tidd,
        c_hdd_tidd._c_hdd_tidd_weight,
        c_hdd_tidd._c_hdd_tidd_total_sum_of_squares,
        ["c_hdd_bp", "c_hdd_beta", "intercept"],
    ),
    "no slope": (tidd._tidd, tidd._tidd_weight, tidd._tidd_total_sum_of_squares, ["intercept"]),
}
breakpoints = st.one_of(st.floats(-20, 120), st.integers(0, 100).map(float))
slopes = st.one_of(st.just(0.0), st.floats(-5, 5), st.floats(0, 5))
ks = st.one_of(st.just(0.0), st.floats(0, 1), st.floats(0, 0.02), st.floats(0, 1e3))
coefficients = {"bp": breakpoints, "beta": slopes, "k": ks, "intercept": st.floats(-20, 50)}


def days(random: np.random.Generator, size: int, *, ties: bool, constant: bool) -> tuple[Any, Any]:
    T = random.uniform(0, 100, size)
    if ties:
        T = np.round(T / 5) * 5
    obs = 10 + 2 * np.maximum(50 - T, 0) + np.maximum(T - 65, 0) + 5 * random.standard_t(2, size)
    return T, np.full(size, 3.0) if constant else obs


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", MODELS)
@settings(deadline=None)  # eemeter compiles a function at its first call
@given(
    st.data(),
    st.sampled_from(["adaptive", 2.0, 2.0, 1.5, 1.0, 0.0, -2.0, -100.0]),
    st.one_of(st.integers(1, 25), st.integers(3, 366)),
    st.integers(0, 2**32),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)
def test_objective(
    name: str,
    weighted: bool,
    data: st.DataObject,
    alpha: float | str,
    size: int,
    seed: int,
    ties: bool,
    constant: bool,
) -> None:
    random = np.random.default_rng(seed)
    T, obs = days(random, size, ties=ties, constant=constant)
    weights = (share := random.random(size)) / share.sum() if weighted else None
    model, weight, squares, coef_id = MODELS[name]
    chosen = DailySettings(
        developer_mode=True,
        silent_developer_mode=True,
        segment_minimum_count=data.draw(st.sampled_from([3, 6, 10])),
        regularization_alpha=data.draw(st.sampled_from([0.001, 0.001, 0.0, 5.0])),
        regularization_percent_lasso=data.draw(st.sampled_from([1.0, 1.0, 0.5, 0.0])),
        split_selection={"criteria": data.draw(st.sampled_from(["bic", "r_squared_adj"]))},
    )
    arguments = (model, weight, squares, T, obs, weights, chosen, alpha, coef_id)
    ours, expected = objective.obj_fcn_decorator(*arguments), theirs.obj_fcn_decorator(*arguments)
    for _ in range(6):
        X = np.array([data.draw(coefficients[one.rsplit("_")[-1]]) for one in coef_id])
        before = outcome(expected, X.copy())
        assert outcome(ours, X.copy()) == before
        assert outcome(ours, X.copy(), optimize_flag=False) == outcome(expected, X.copy(), optimize_flag=False)


@pytest.mark.parametrize("name", MODELS)
def test_readings_of_32_bits(name: str) -> None:
    T, obs = days(np.random.default_rng(1), 60, ties=False, constant=False)
    model, weight, squares, coef_id = MODELS[name]
    arguments = (model, weight, squares, T, obs.astype(np.float32), None, DailySettings(), 2.0, coef_id)
    X = np.array([{"bp": 50.3, "beta": 1.7, "k": 0.3, "intercept": 9.1}[one.rsplit("_")[-1]] for one in coef_id])
    for flag in (True, False):
        expected = outcome(theirs.obj_fcn_decorator(*arguments), X.copy(), optimize_flag=flag)
        assert outcome(objective.obj_fcn_decorator(*arguments), X.copy(), optimize_flag=flag) == expected


def test_a_curve_too_sharp_for_its_reciprocal() -> None:
    T, obs = days(np.random.default_rng(1), 24, ties=True, constant=False)
    T[0] = 100.0
    model, weight, squares, coef_id = MODELS["two slopes, smooth"]
    arguments = (model, weight, squares, T, obs, None, DailySettings(), "adaptive", coef_id)
    X = np.array([100.0, 1.0, 2.2250738585072014e-308, 0.0, 0.0, 400.0, 0.0])
    for flag in (True, False):
        expected = outcome(theirs.obj_fcn_decorator(*arguments), X.copy(), optimize_flag=flag)
        assert outcome(objective.obj_fcn_decorator(*arguments), X.copy(), optimize_flag=flag) == expected
        assert "nan" in str(expected)
