"""Our model of CalTRACK's billing method gives the same fits as eemeter 3.2.0, and as a loop over all candidates.

data/caltrack.json holds bills, the daily mean temperatures (°F), and eemeter 3.2.0's fits.
`python -m benchmarks.equality.caltrack record tests/unit/benchmarks/data/caltrack.json` writes it.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from benchmarks.equality.caltrack import TOLERANCE, Fit, Meter, by_hours, difference, fit_ours, same_candidate, tied

Floats = npt.NDArray[np.floating[Any]]

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "caltrack.json").read_text())
METERS = [Meter(**{key: value for key, value in one.items() if key != "fit"}) for one in RECORDED]
NAMES = [f"{meter.name}, {meter.group}" for meter in METERS]
POINTS = range(30, 91)  # F


def used_bills(meter: Meter) -> tuple[Floats, list[Floats]]:
    """Energy per day of the usable bills, and the known daily temperatures (°F) of each."""
    days = pd.Series(
        meter.temperature, index=pd.date_range(meter.starts[0], periods=len(meter.temperature)), dtype=float
    )
    usage: list[float] = []
    temperatures: list[Floats] = []
    for (start, end), energy in zip(pairwise(pd.DatetimeIndex(meter.starts)), meter.energy, strict=True):
        of_bill = days[start : end - pd.Timedelta(days=1)]
        if energy is not None and of_bill.notna().mean() >= 0.9:
            usage.append(energy / len(of_bill))
            temperatures.append(of_bill.dropna().to_numpy())
    return np.array(usage), temperatures


def candidates(electricity: bool) -> Iterator[tuple[str, int | None, int | None]]:
    """Yield model type and balance points (°F) of heating and cooling, by CalTRACK 3.4.3.1."""
    yield from (("hdd_only", heating, None) for heating in POINTS)
    if electricity:
        yield from (("cdd_only", None, cooling) for cooling in POINTS)
        for cooling, heating in product(POINTS, POINTS):
            if heating <= cooling:
                yield "cdd_hdd", heating, cooling


def by_loop(meter: Meter) -> Fit:
    """Fit each candidate and return the one with the highest adjusted R², or the first of equals."""
    usage, temperatures = used_bills(meter)
    weights = np.array([len(days) for days in temperatures], dtype=float)
    heating_days, cooling_days = (
        {point: np.array([np.maximum(sign * (point - days), 0).mean() for days in temperatures]) for point in POINTS}
        for sign in (1, -1)
    )
    mean = np.average(usage, weights=weights)
    best: Fit = {"model_type": "intercept_only", "intercept": mean, "r2_adjusted": 0.0}
    best |= dict.fromkeys(("heating_slope", "cooling_slope"), 0.0)
    best |= dict.fromkeys(("heating_balance_point", "cooling_balance_point"))
    for kind, heating, cooling in candidates(meter.electricity):
        columns = {}
        if heating is not None:
            columns["heating_slope"] = heating_days[heating]
        if cooling is not None:
            columns["cooling_slope"] = cooling_days[cooling]
        if any(weights @ column < 20 for column in columns.values()):
            continue
        design, root = np.column_stack([np.ones(len(usage)), *columns.values()]), np.sqrt(weights)
        intercept, *slopes = np.linalg.lstsq(design * root[:, None], usage * root, rcond=None)[0].tolist()
        if min(slopes) <= 0 or (intercept < 0 and usage.min() >= 0):
            continue
        residuals = usage - design @ [intercept, *slopes]
        freedom = (len(usage) - 1) / (len(usage) - design.shape[1])
        r2 = 1 - freedom * (weights @ residuals**2) / (weights @ (usage - mean) ** 2)
        if r2 > best["r2_adjusted"] + 1e-12:
            best = {"model_type": kind, "intercept": intercept, "heating_slope": 0.0, "cooling_slope": 0.0}
            best |= dict(zip(columns, slopes, strict=True)) | {"r2_adjusted": r2}
            best |= {"heating_balance_point": heating, "cooling_balance_point": cooling}
    return best


def assert_same(one: Fit, other: Fit) -> None:
    assert same_candidate(one, other)
    assert difference(one, other) <= TOLERANCE


@pytest.mark.parametrize(("meter", "recorded"), list(zip(METERS, RECORDED, strict=True)), ids=NAMES)
def test_fits_equal_eemeters(meter: Meter, recorded: dict[str, Any]) -> None:
    assert_same(fit_ours(by_hours(meter)), recorded["fit"])


@pytest.mark.parametrize("meter", METERS, ids=NAMES)
def test_fits_equal_a_loop_over_all_candidates(meter: Meter) -> None:
    assert_same(fit_ours(by_hours(meter)), by_loop(meter))


def test_the_first_of_equal_balance_points_wins() -> None:
    """All points above the hottest day fit equally; in eemeter rounding decides, and the line is the same as ours."""
    meter = METERS[0]
    lengths = [len(days) for days in used_bills(meter)[1]]
    energy = [length * (100 - days.mean()) for length, days in zip(lengths, used_bills(meter)[1], strict=True)]
    linear = replace(meter, energy=energy)
    fit = fit_ours(by_hours(linear))
    assert_same(fit, by_loop(linear))
    assert fit["heating_balance_point"] == np.ceil(max(day for day in meter.temperature if day is not None))
    other_end = {"heating_balance_point": 90, "intercept": 10.0}
    assert tied(fit, fit | other_end)
    assert not tied(fit, fit | other_end | {"intercept": 10.1})
    assert not same_candidate(fit, fit | other_end)


def test_the_recorded_meters_include_every_kind() -> None:
    assert {one["fit"]["model_type"] for one in RECORDED} == {"intercept_only", "hdd_only", "cdd_only", "cdd_hdd"}
    assert any(None in meter.energy for meter in METERS)
    assert any(None in meter.temperature for meter in METERS)
    assert any(min(value for value in meter.energy if value is not None) < 0 for meter in METERS)
