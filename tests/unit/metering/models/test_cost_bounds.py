"""Settings that would make a fit take very long are refused; those that eemeter or a study may use are not."""

from typing import Any

import pytest

from chalicelib.metering import ModelFailure
from chalicelib.metering.inputs.frequency import DAILY, HOURLY, MONTHLY
from chalicelib.metering.models.registry import Registry, choose

FREQUENCIES = {"BillingModel": MONTHLY, "HourlyModel": HOURLY}


def _kwargs(path: str, value: float) -> dict[str, Any]:
    """model_kwargs with one setting, and those that eemeter requires along with it."""
    if path == "temperature_bin.n_bins":
        unused = {"bin_width": None, "edge_bin_rate": None, "edge_bin_percent": None}
        return {"temperature_bin": {"method": "equal_bin_width", "include_edge_bins": False, "n_bins": value, **unused}}
    if path == "elasticnet.adaptive_weight_max_iter":
        adaptive = {"adaptive_weights": True, "adaptive_weight_tol": 1e-4, "adaptive_weight_max_iter": value}
        return {"elasticnet": adaptive}
    group, _, name = path.rpartition(".")
    return {group: {name: value}} if group else {"developer_mode": True, name: value}


def _chosen(model_class: str, path: str, value: float) -> Any:
    document = {"model_class": model_class, "model_kwargs": _kwargs(path, value)}
    return choose(document, FREQUENCIES.get(model_class, DAILY), Registry.of([])).model_kwargs


@pytest.mark.parametrize("model_class", ["DailyModel", "DailyLegacyModel", "BillingModel"])
@pytest.mark.parametrize("path", ["final_bounds_scalar", "maximum_slope_oom_scalar"])
def test_the_bounds_of_a_search_are_limited(model_class: str, path: str) -> None:
    assert _chosen(model_class, path, 100)[path] == 100
    for value in (101, 1e308):
        with pytest.raises(ModelFailure) as failure:
            _chosen(model_class, path, value)
        assert str(failure.value) == (
            f"model_kwargs.{path} of {model_class} is {value:g}; it must be at most 100: beyond that, a run can take"
            " too long. Leave it out to use the default."
        )


@pytest.mark.parametrize(
    ("path", "good", "hostile", "bound"),
    [
        ("temperature_bin.n_bins", 100, 10**8, "at most 100"),
        ("temporal_cluster.wavelet_n_levels", 20, 10**6, "at most 20"),
        ("temporal_cluster.recluster_count", 100, 10**6, "at most 100"),
        ("temporal_cluster.n_cluster_upper", 366, 10**9, "at most 366"),
        ("elasticnet.max_iter", 10_000, 2**32 - 1, "at most 10000"),
        ("elasticnet.tol", 1e-10, 1e-300, "at least 1e-10"),
        ("elasticnet.adaptive_weight_max_iter", 1_000, 10**6, "at most 1000"),
    ],
)
def test_the_iterations_and_sizes_of_an_hourly_fit_are_limited(
    path: str, good: float, hostile: float, bound: str
) -> None:
    group, _, name = path.partition(".")
    assert _chosen("HourlyModel", path, good)[group][name] == good
    with pytest.raises(ModelFailure, match=rf"model_kwargs\.{path} of HourlyModel is .*; it must be {bound}: "):
        _chosen("HourlyModel", path, hostile)


def test_defaults_and_settings_that_are_null_are_accepted() -> None:
    for model_class in ("DailyModel", "DailyLegacyModel", "BillingModel", "HourlyModel"):
        choose({"model_class": model_class}, FREQUENCIES.get(model_class, DAILY), Registry.of([]))
    unused = {"alpha_final": None, "alpha_final_type": None, "final_bounds_scalar": None}
    choose({"model_kwargs": {"developer_mode": True, **unused}}, DAILY, Registry.of([]))
    document = {"model_class": "HourlyModel", "model_kwargs": {"temperature_bin": None}}
    choose(document, HOURLY, Registry.of([]))


def test_only_settings_that_differ_from_the_defaults_count_as_changed() -> None:
    def changed(kwargs: dict[str, Any]) -> dict[str, Any]:
        return choose({"model_kwargs": kwargs}, DAILY, Registry.of([])).changed_kwargs

    assert changed({}) == changed({"uncertainty_alpha": 0.1, "season": {"march": "shoulder"}}) == {}
    given = {"developer_mode": True, "alpha_minimum": -50, "season": {"march": "winter", "may": "shoulder"}}
    assert changed(given) == {"developer_mode": True, "alpha_minimum": -50, "season": {"march": "winter"}}
