import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.metering.inputs.registers import consumption, looks_like_register

SUPPLIED, NET = "ELECTRICITY_CONSUMPTION_SUPPLIED", "ELECTRICITY_CONSUMPTION_NET"


def reads(values: list[float], kind: str = "ARBITRARY_START", days: int = 1) -> pd.DataFrame:
    instants = pd.date_range("2016-01-01", periods=len(values), freq=f"{days}D", tz="UTC")
    edge = "start" if kind == "ARBITRARY_START" else "end"
    return pd.DataFrame({edge: instants, "value": values, "estimated": False, "duplicate": False})


def used(
    values: list[float], interpretation: str = SUPPLIED, energy_per_unit: float = 1.0, days: int = 1
) -> list[float]:
    table = consumption(reads(values, days=days), "ARBITRARY_START", interpretation, energy_per_unit)
    return [float(value) for value in table["value"]]


@given(st.lists(st.integers(50, 900), min_size=3, max_size=60), st.integers(0, 99_999), st.sampled_from([1, 10, 100]))
def test_differences_of_register_reads_are_the_consumption(energy: list[int], start: int, decimals: int) -> None:
    energy_of = [value / decimals for value in energy]
    counted = start + np.concatenate(([0.0], np.cumsum(energy_of)))
    assert used(counted.tolist()) == energy_of


@given(st.lists(st.integers(10, 40), min_size=30, max_size=60), st.integers(1, 29))
def test_a_five_digit_register_rolls_over(energy: list[int], at: int) -> None:
    counted = np.concatenate(([0], np.cumsum(energy)))
    assume(energy[at] <= 2 * max(energy[:at] + energy[at + 1 :]))  # beyond that it is an exchange
    start = 99_999 - int(counted[at])  # so that it passes 100,000 in the interval
    assert used(((start + counted) % 100_000).astype(float).tolist()) == [float(value) for value in energy]


def test_a_register_reset_below_its_highest_read_has_not_rolled_over() -> None:
    month = np.cumsum(np.full(30, 45.0))  # above 1,000 at its end
    found = used([0.0, *month, *month[:10]])
    assert np.isnan(found[30])
    assert np.delete(found, 30).tolist() == [45.0] * 39


def test_occasional_use_is_not_an_exchange() -> None:
    pump = [0.05] * 60
    pump[20:27] = [40.0] * 7
    assert used(np.concatenate(([100.0], 100 + np.cumsum(pump))).tolist()) == pytest.approx(pump)


def test_a_meter_exchange_loses_only_its_interval() -> None:
    old, new = [41_000.0 + 30 * day for day in range(20)], [12.0 + 30 * day for day in range(20)]
    found = used(old + new)
    assert np.isnan(found[19])
    assert np.delete(found, 19).tolist() == [30.0] * 38


def test_an_exchange_for_a_meter_with_a_higher_read_loses_only_its_interval() -> None:
    found = used([500.0 + 30 * day for day in range(20)] + [41_000.0 + 30 * day for day in range(20)])
    assert np.isnan(found[19])
    assert np.delete(found, 19).tolist() == [30.0] * 38


def test_a_rollover_is_at_a_power_of_ten_of_the_registers_own_unit() -> None:
    therms = 1.037  # per unit of the register, CCF
    counted = [9_990.0, 9_995.0, 0.0, 5.0, 10.0, 15.0]
    assert used([value * therms for value in counted], energy_per_unit=therms) == pytest.approx([5 * therms] * 5)


def test_the_register_of_a_net_meter_may_run_backwards() -> None:
    assert used([1000.0, 1020.0, 1005.0, 1010.0, 990.0], NET) == [20.0, -15.0, 5.0, -20.0]
    assert np.isnan(used([1000.0, 1020.0, 1005.0, 1010.0, 990.0], SUPPLIED)[1])


def test_a_missing_read_merges_the_intervals_around_it() -> None:
    table = consumption(reads([10.0, np.nan, 30.0, 45.0], days=30), "ARBITRARY_START", SUPPLIED, 1.0)
    assert table["value"].tolist() == [20.0, 15.0]
    assert ((table["end"] - table["start"]).dt.days).tolist() == [60, 30]


def test_a_short_gap_of_daily_reads_is_spread_evenly_and_a_long_one_is_unknown() -> None:
    values = [10.0 * day for day in range(40)]
    values[5] = values[20] = values[21] = np.nan
    table = consumption(reads(values), "ARBITRARY_START", SUPPLIED, 1.0)
    assert table["value"].sum() == 10 * 36
    assert np.flatnonzero(table["estimated"]).tolist() == [4, 5, 19]
    assert np.flatnonzero(table["value"].isna()).tolist() == [19]
    assert (table["start"].iloc[1:].to_numpy() == table["end"].iloc[:-1].to_numpy()).all()
    assert not table["exchanged"].any()


@given(st.integers(0, 2**32 - 1))
def test_occasional_missing_hourly_reads_lose_no_consumption(seed: int) -> None:
    random = np.random.default_rng(seed)
    counted = np.concatenate(([0.0], np.cumsum(random.integers(1, 9, 500))))
    counted[1:-1][random.random(499) < 0.03] = np.nan
    table = reads(counted.tolist())
    table["start"] = pd.date_range("2016-01-01", periods=501, freq="h", tz="UTC")
    found = consumption(table, "ARBITRARY_START", SUPPLIED, 1.0)
    assert found["value"].sum() == pytest.approx(counted[-1])
    assert len(found) == 500


def test_a_difference_is_estimated_if_its_last_read_is() -> None:
    table = reads([10.0, 20.0, 30.0], "ARBITRARY_END").assign(estimated=[False, True, False])
    assert consumption(table, "ARBITRARY_END", SUPPLIED, 1.0)["estimated"].tolist() == [True, False]


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=11))
def test_few_values_do_not_look_like_a_register(values: list[float]) -> None:
    assert not looks_like_register(np.array(sorted(values)))


@pytest.mark.parametrize("months", [24, 36])
def test_seasonal_bills_are_not_a_register(months: int) -> None:
    season = 500 + 300 * np.cos(2 * np.pi * np.arange(months) / 12)
    assert not looks_like_register(season)
    assert looks_like_register(np.cumsum(season))


def test_few_values_must_rise_steadily_by_small_amounts() -> None:
    bimonthly = 50_000 + np.cumsum([900.0, 1_500, 1_200, 700, 800, 1_400, 1_600, 900])
    assert looks_like_register(bimonthly)
    bimonthly[3] = 49_000
    assert not looks_like_register(bimonthly)


def test_a_register_may_stand_still_be_exchanged_and_lack_reads() -> None:
    summer = np.cumsum(np.tile([*[0.0] * 20, *[2.0] * 10], 24))
    assert looks_like_register(summer)
    exchanged = np.concatenate([summer + 5_000, summer])
    exchanged[::7] = np.nan
    assert looks_like_register(exchanged)


def test_constant_consumption_is_not_a_register() -> None:
    assert not looks_like_register(np.full(365, 24.0))


def test_registers_that_are_reset_every_day_are_found() -> None:
    assert looks_like_register(np.tile(np.cumsum(np.full(24, 1.5)), 60))
