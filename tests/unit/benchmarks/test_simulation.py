"""The machinery of docs/validation.md on a dozen meters: a coverage from so few only shows that nothing is broken."""

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks import simulation, validation
from benchmarks.sample_runs import SampleRun
from benchmarks.simulated_meter import TIMEZONE, normal_days, observed_days, simulate
from benchmarks.simulation import AS_SHIPPED, Group, Misfit, Outcome, coverage, wilson
from chalicelib.metering import run_meter

BILLS = Group("billing_monthly", "BillingModel")


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [outcome for number in range(12) for outcome in simulation.outcomes_of(BILLS, number)]


@pytest.mark.parametrize("frequency", ["hourly", "daily", "billing_monthly", "billing_bimonthly"])
def test_a_meter_is_the_same_each_time_and_json(frequency: str) -> None:
    first, second = (json.dumps(simulate(frequency, 5).document, allow_nan=False) for _ in range(2))
    assert first == second
    assert first != json.dumps(simulate(frequency, 6).document)


@pytest.mark.parametrize("frequency", ["hourly", "daily", "billing_monthly", "billing_bimonthly"])
def test_readings_without_noise_add_up_to_the_load(frequency: str) -> None:
    meter = simulate(frequency, 7, noise=0)
    records = meter.document["trace"]["records"]
    starts = [pd.Timestamp(record["start"]).tz_convert(TIMEZONE) for record in records]
    assert records[-1]["value"] is None
    before = [at for at in starts if at <= pd.Timestamp("2017-01-04", tz=TIMEZONE)]
    read = sum(record["value"] for record in records[: len(before) - 1])
    days = observed_days()[before[0] : before[-1] - pd.Timedelta("1h")]
    assert read == pytest.approx(meter.load(days).sum())


def test_the_noise_is_as_drawn() -> None:
    meters = [simulate("daily", number) for number in range(20)]
    for meter in meters:
        observed = pd.Series([record["value"] for record in meter.document["trace"]["records"][:-1]])
        year = slice(35, 400)  # a year before the measure
        load = meter.load(observed_days()).to_numpy()[year]
        residuals = observed.to_numpy()[year] / load - 1
        cvrmse = np.sqrt(np.mean((observed.to_numpy()[year] - load) ** 2)) / load.mean()
        assert cvrmse == pytest.approx(meter.cvrmse, rel=0.3)
        assert pd.Series(residuals).autocorr() == pytest.approx(meter.autocorrelation, abs=0.2)


def test_the_truth_is_a_share_of_the_load_on_the_same_weather() -> None:
    meter = simulate("daily", 3)
    normal = meter.truth("annualized_weather_normal", "2017-01-04T06:00:00Z", "2018-01-04T06:00:00Z")
    assert normal == pytest.approx(meter.savings * meter.load(normal_days()).sum())
    assert len(normal_days()) == 365
    day = meter.truth("gross_predicted", "2017-01-04T06:00:00Z", "2017-01-05T06:00:00Z")
    assert day == pytest.approx(meter.savings * meter.load(observed_days()["2017-01-04":"2017-01-04"]).sum())


def test_the_intervals_of_a_dozen_meters_cover(outcomes: list[Outcome]) -> None:
    assert len(outcomes) == 3 * 12
    for interpretation in {outcome.interpretation for outcome in outcomes}:
        found = coverage([outcome for outcome in outcomes if outcome.interpretation == interpretation])
        assert found.n == 12
        assert found.fraction > 0.8
        assert abs(found.bias) < 5
        assert 0 < found.needed < 25


def test_savings_are_found_in_little_noise() -> None:
    meter = simulate("daily", 1, noise=0.05)
    assert run_meter(meter.document)["savings"][0]["percent"] == pytest.approx(100 * meter.savings, abs=0.5)


def test_other_formulas_judge_the_same_meters(outcomes: list[Outcome]) -> None:
    formulas = list(outcomes[0].half_widths)
    assert formulas[0] == AS_SHIPPED
    assert len(formulas) == 3
    assert len(set(outcomes[0].half_widths.values())) == 3


def test_wilson() -> None:
    assert wilson(95, 100) == pytest.approx((0.8882, 0.9785), abs=1e-4)  # Newcombe (1998)
    assert wilson(12, 12)[1] == pytest.approx(1)


def test_coverage_leaves_out_what_has_no_interval() -> None:
    widths = [1.0, 3.0, float("nan")]
    alike = [
        Outcome(BILLS, 0, "gas heating", "gross_observed", True, 0.1, 10, 12, {AS_SHIPPED: width}) for width in widths
    ]
    found = coverage(alike)
    assert (found.n, found.fraction, found.half_width, found.needed, found.bias) == (2, 0.5, 2, 2, -2)


def test_tables(outcomes: list[Outcome]) -> None:
    table = validation.coverage_table(outcomes)
    assert len(table.splitlines()) == 2 + 3
    assert "| billing_monthly | BillingModel | gross_observed | 12 |" in table
    assert len(validation.formula_table(outcomes).splitlines()) == 2 + 2 * 3


def test_the_page_has_its_tables(outcomes: list[Outcome]) -> None:
    sample = SampleRun("sample", "BillingModel", None, None, "KWH", why="no bills")
    page = validation.document([sample], outcomes, [Misfit(BILLS, 20, 3), Misfit(BILLS, 22, 1)])
    assert "| billing_monthly | BillingModel | 2 | 21.0 % | +2.0 % | +1.0 to +3.0 % |" in page
    assert "Of 1 runs 1 are refused." in page
    assert "12 made-up meters" in page
    assert "$" not in page
