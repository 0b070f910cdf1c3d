"""Simulated meters have the documented loads, noise, reads, climates and events."""

import json
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.meters.climates import (
    CLIMATES,
    DAYS_AROUND,
    YEAR,
    Climate,
    normal_days,
    observed_days,
    weather,
    whole_years,
)
from benchmarks.meters.events import EVENTS
from benchmarks.meters.loads import COOLS, HEATS, KINDS, draw_load, kinds
from benchmarks.meters.noise import CONSTANT, LAWS, PROPORTIONAL, autoregressive, deviations, read
from benchmarks.meters.places import GREAT_BRITAIN, SPRINGFIELD
from benchmarks.meters.read_schedules import ANY_DAY, BILL_DAYS, NO_WEEKENDS, SCHEDULES
from benchmarks.meters.simulated_meter import DEVELOPMENT, PUBLISHED, SimulatedMeter, simulate
from benchmarks.meters.springfield import observed_hours

pytestmark = pytest.mark.slow

FREQUENCIES = ("hourly", "daily", *BILL_DAYS)
NORMAL, GROSS = "annualized_weather_normal", "gross_predicted"
SATURDAY = 5


def readings(meter: SimulatedMeter) -> pd.Series:
    """Return readings by their local starts; the last, which only ends the series, is NaN."""
    records: list[dict[str, Any]] = meter.document["trace"]["records"]
    starts = pd.to_datetime([record["start"] for record in records], utc=True).tz_convert(meter.climate.timezone)
    return pd.Series([record["value"] for record in records], index=starts, dtype=float)


def bimonthly(meters: int) -> list[SimulatedMeter]:
    """Return the first bimonthly meters."""
    return [simulate("billing_bimonthly", number) for number in range(meters)]


def bill_lengths(meter: SimulatedMeter) -> list[int]:
    """Return the number of days in each bill."""
    reads = pd.DatetimeIndex(readings(meter).index).tz_localize(None)
    return [(end - start).days for start, end in pairwise(reads)]


def temperatures(member: dict[str, Any]) -> pd.Series:
    """Return the hourly temperatures of a document's weather, in UTC."""
    starts, values = zip(*member["records"], strict=True)
    return pd.Series(values, index=pd.to_datetime(list(starts), utc=True))


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_a_meter_is_reproducible_and_json(frequency: str) -> None:
    made = [(5, DEVELOPMENT), (5, DEVELOPMENT), (6, DEVELOPMENT), (5, PUBLISHED), (5, PUBLISHED)]
    texts = [json.dumps(simulate(frequency, n, seed=seed).document, allow_nan=False) for n, seed in made]
    assert texts[0] == texts[1]
    assert texts[3] == texts[4]
    assert len(set(texts)) == 3


def test_the_two_sets_have_no_meter_in_common() -> None:
    sets = [{simulate("billing_monthly", n, seed=seed).savings for n in range(50)} for seed in (DEVELOPMENT, PUBLISHED)]
    assert len(sets[0] | sets[1]) == 100


def test_a_meter_can_be_pickled() -> None:
    meter = simulate("daily", 1)
    assert pickle.loads(pickle.dumps(meter)) == meter


@pytest.mark.parametrize("number", range(12))
def test_hours_and_bills_add_up_to_the_same_days(number: int) -> None:
    days = readings(simulate("daily", number))[:-1]
    hours = readings(simulate("hourly", number))[:-1]
    assert hours.resample("D").sum().to_numpy() == pytest.approx(days.to_numpy())
    for frequency in BILL_DAYS:
        bills = readings(simulate(frequency, number))
        reads = pd.DatetimeIndex(days.index).searchsorted(pd.DatetimeIndex(bills.index))
        assert bills[:-1].tolist() == pytest.approx([days.iloc[start:end].sum() for start, end in pairwise(reads)])


@pytest.mark.parametrize("number", range(24))
def test_the_truth_is_the_savings_in_readings_without_noise(number: int) -> None:
    meter = simulate("daily", number, noise=0)
    climate, days = meter.climate, readings(meter)[:-1]
    expected = meter.load(observed_days(climate))
    before = expected.index < climate.reporting_start
    assert days[before].to_numpy() == pytest.approx(expected[before].to_numpy())
    start, end = climate.reporting_start, climate.reporting_start + pd.DateOffset(days=YEAR)
    saved = (expected - days)[start : end - pd.DateOffset(days=1)].sum()
    for interpretation in (GROSS, "gross_observed"):
        assert meter.truth(interpretation, start.isoformat(), end.isoformat()) == pytest.approx(saved)
    of_normal = meter.savings * meter.load(normal_days(climate)).sum()
    assert meter.truth(NORMAL, start.isoformat(), end.isoformat()) == pytest.approx(of_normal)


@pytest.mark.parametrize("frequency", BILL_DAYS)
def test_bills_have_realistic_lengths(frequency: str) -> None:
    meters = [simulate(frequency, number) for number in range(60)]
    shortest, longest = BILL_DAYS[frequency]
    lengths = {
        schedule: {days for meter in meters if meter.schedule == schedule for days in bill_lengths(meter)}
        for schedule in SCHEDULES
    }
    assert lengths[ANY_DAY] == set(range(shortest, longest + 1))
    assert lengths[NO_WEEKENDS] <= set(range(shortest - 2, longest + 3))
    for meter in meters:
        reads = pd.DatetimeIndex(readings(meter).index)
        if meter.schedule == NO_WEEKENDS:
            assert (reads.dayofweek < SATURDAY).all()
        before, after = reads[reads <= meter.climate.baseline_end], reads[reads >= meter.climate.reporting_start]
        for span in (before[-1] - before[0], after[-1] - after[0]):
            assert span > pd.Timedelta(days=YEAR)


def test_first_reads_and_schedules_vary() -> None:
    meters = [simulate("billing_monthly", number) for number in range(200)]
    first = {(readings(meter).index[0] - observed_days(meter.climate).index[0]).days for meter in meters}
    assert {min(first), max(first)} <= {0, 1, 32, 33, 34}
    assert sum(meter.schedule == NO_WEEKENDS for meter in meters) == pytest.approx(100, abs=25)
    assert sum(meter.noise_law == CONSTANT for meter in meters) == pytest.approx(100, abs=25)
    assert {meter.climate for meter in meters} == set(CLIMATES)


@pytest.mark.parametrize("climate", CLIMATES, ids=str)
def test_a_climate_has_its_years(climate: Climate) -> None:
    observed = observed_days(climate)
    assert observed.notna().all()
    assert sum(observed.index < climate.baseline_end) == DAYS_AROUND
    assert sum(observed.index >= climate.reporting_start) == DAYS_AROUND
    assert len(normal_days(climate)) == YEAR
    before, after = observed[: climate.baseline_end], observed[climate.reporting_start :]
    by_date = [days.groupby(pd.DatetimeIndex(days.index).strftime("%m-%d")).mean() for days in (before, after)]
    same = (by_date[0] - by_date[1]).abs().median() < 1e-6
    assert same == (climate.before == climate.after)
    of_documents = [temperatures(weather(climate)[name]) for name in ("weather", "weather_normal")]
    assert len(of_documents[1]) == 24 * YEAR
    by_day = of_documents[0].tz_convert(climate.timezone).resample("D").mean()
    assert by_day[observed.index].to_numpy() == pytest.approx(observed.to_numpy())
    assert of_documents[1].mean() == pytest.approx(normal_days(climate).mean(), abs=0.01)


def test_climates_are_of_two_places_and_three_pairs_of_years() -> None:
    assert len(CLIMATES) <= 12
    assert {climate.place for climate in CLIMATES} == {SPRINGFIELD, GREAT_BRITAIN}
    assert len({climate.years for climate in CLIMATES}) == 3
    assert (min(climate.shift for climate in CLIMATES), max(climate.shift for climate in CLIMATES)) == (-12, 12)
    assert (min(climate.stretch for climate in CLIMATES), max(climate.stretch for climate in CLIMATES)) == (0.7, 1.25)


@pytest.mark.parametrize(("first", "last"), [("2016-03-02", "2016-12-30"), ("2017-01-04", "2017-12-30")])
def test_an_unchanged_climate_is_the_observed_weather(first: str, last: str) -> None:
    measured = observed_hours().resample("D").mean()
    assert observed_days(CLIMATES[0])[first:last].to_numpy() == pytest.approx(measured[first:last].to_numpy(), abs=0.01)


def test_a_climate_is_shifted_and_stretched() -> None:
    plain, changed = CLIMATES[0], Climate(SPRINGFIELD, 12, 0.7, 2016, 2017, CLIMATES[0].measure)
    assert observed_days(changed).std() == pytest.approx(0.7 * observed_days(plain).std(), rel=1e-3)
    assert normal_days(changed).std() == pytest.approx(0.7 * normal_days(plain).std(), rel=1e-3)
    assert observed_days(changed).mean() == pytest.approx(observed_days(plain).mean() + 12, abs=1)


def test_meters_of_a_climate_share_its_weather() -> None:
    of_climate = [meter for meter in bimonthly(60) if meter.climate == CLIMATES[0]]
    for name in ("weather", "weather_normal"):
        assert len({id(meter.document[name]) for meter in of_climate}) == 1
    assert len({climate.station for climate in CLIMATES}) <= 8


@pytest.mark.parametrize("climate", CLIMATES, ids=str)
def test_every_part_of_a_load_occurs_in_each_year(climate: Climate) -> None:
    draw = np.random.default_rng(0)
    found = set()
    for _ in range(100):
        load = draw_load(draw, climate)
        found.add(load.kind)
        assert (load.heating > 0, load.cooling > 0) == (load.kind in HEATS, load.kind in COOLS)
        for year in whole_years(climate):
            if load.kind in HEATS:
                assert 50 <= load.heating_point <= 68
                assert (load.heating_point - year).clip(lower=0).sum() >= 500
            if load.kind in COOLS:
                assert 60 <= load.cooling_point <= 78
                assert (year - load.cooling_point).clip(lower=0).sum() >= 200
        assert load.heating_point < load.cooling_point
    assert found == set(kinds(climate))


def test_every_kind_of_load_is_drawn() -> None:
    meters = bimonthly(200)
    assert {meter.kind for meter in meters} == set(KINDS)
    assert {meter.load.unit for meter in meters if meter.kind == KINDS[-1]} == {"THERM", "KWH"}
    assert all(meter.document["trace"]["unit"] == meter.load.unit for meter in meters)
    points = {point for meter in meters for point in (meter.load.heating_point, meter.load.cooling_point)}
    assert any(50 <= point < 52 for point in points)
    assert any(76 < point <= 78 for point in points)


@pytest.mark.parametrize("law", LAWS)
def test_the_noise_is_as_drawn(law: str) -> None:
    meters = [meter for meter in (simulate("daily", number) for number in range(80)) if meter.noise_law == law]
    assert len(meters) > 25
    ratios, errors = [], []
    for meter in meters:
        load = meter.load(observed_days(meter.climate)).to_numpy()[:DAYS_AROUND]
        residuals = readings(meter).to_numpy()[:DAYS_AROUND] - load
        ratios.append(np.sqrt(np.mean(residuals**2)) / load.mean() / meter.cvrmse)
        scaled = residuals / load if law == PROPORTIONAL else residuals
        errors.append(pd.Series(scaled).autocorr() - meter.autocorrelation)
    assert np.mean(ratios) == pytest.approx(1, abs=0.06)
    assert np.mean(errors) == pytest.approx(0, abs=0.05)


def test_noise_is_proportional_to_the_load_or_constant() -> None:
    load = np.array([1.0, 2.0, 3.0])
    assert deviations(CONSTANT, 0.1, load, load) == pytest.approx([0.2, 0.2, 0.2])
    proportional = deviations(PROPORTIONAL, 0.1, load, load)
    assert proportional / load == pytest.approx(np.full(3, proportional[0]))
    assert np.sqrt(np.mean(proportional**2)) == pytest.approx(0.2)


@pytest.mark.parametrize(("unit", "minimum"), [("THERM", 0.0), ("KWH", 0.003)])
def test_clipped_readings_keep_the_mean(unit: str, minimum: float) -> None:
    noise = autoregressive(np.random.default_rng(0), 100_000, 0.3)
    shown = read(np.full(len(noise), 0.3), np.full(len(noise), 0.4), noise, unit)
    assert shown.min() == pytest.approx(minimum)
    assert shown.mean() == pytest.approx(0.3, abs=0.005)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("number", range(12))
def test_an_event_changes_readings_only_when_it_happens(event: str, number: int) -> None:
    usual, changed = (simulate("daily", number, noise=0, event=one) for one in (None, event))
    ratio = (readings(changed) / readings(usual))[:-1]
    at = np.flatnonzero(ratio != 1)
    assert changed.event_start == ratio.index[at[0]]
    climate, year = changed.climate, pd.DateOffset(days=YEAR)
    years = [(at, at + year) for at in (climate.baseline_end - year, climate.reporting_start)]
    happened = ratio.index[at] if event == "outliers" else ratio.index[at[:1]]
    assert all(any(start <= day < end for start, end in years) for day in happened)
    low, high, min_days, max_days = {
        "occupancy": (0.6, 1.6, len(ratio) - at[0], len(ratio) - at[0]),
        "vacancy": (0.15, 0.4, 21, 70),
        "outliers": (5, 20, 2, 5),
    }[event]
    assert ratio.iloc[at].between(low - 1e-9, high + 1e-9).all()
    assert min_days <= len(at) <= max_days
    assert event == "outliers" or at[-1] - at[0] + 1 == len(at)
    for interpretation in (NORMAL, GROSS):
        span = climate.reporting_start.isoformat(), (climate.reporting_start + year).isoformat()
        assert changed.truth(interpretation, *span) == usual.truth(interpretation, *span)
