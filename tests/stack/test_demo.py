"""The sample portfolio through the API, as `make demo` runs it, compared with the true savings of the samples."""

import io
import math
from typing import NamedTuple

import pytest
from rich.console import Console
from rich.progress import Progress

from datastore_client import Client
from infra.local import portfolio
from infra.local.demo import add_up, load, results, run_meters
from infra.local.savings import TRUTH, Meter, Sum, report, saved, sides
from infra.local.stack import Running


class Demo(NamedTuple):
    """The results that the demo shows."""

    meters: list[Meter]
    sums: list[Sum]


@pytest.fixture(scope="module")
def demo(stack: Running) -> Demo:
    client, progress = Client(stack.url, stack.token), Progress(disable=True)
    projects = load(client, progress)
    meters = results(client, run_meters(client, projects, progress))
    return Demo(meters, add_up(client, projects, progress))


@pytest.fixture
def meters(demo: Demo) -> list[Meter]:
    return demo.meters


def test_each_of_the_16_meters_has_both_models(meters: list[Meter]) -> None:
    assert [meter.project["project_id"] for meter in meters] == portfolio.names()
    assert len(meters) == 16
    assert all(meter.run["status"] == "SUCCESS" and meter.is_sufficient and meter.headline for meter in meters)


@pytest.mark.parametrize("fuel", ["E_C_S", "NG_C_S"])
def test_the_sum_of_a_fuel_is_as_accurate_as_two_buildings_allow(demo: Demo, fuel: str) -> None:
    ((result, accepted),) = (one for one in demo.sums if one.result["trace_interpretation"] == fuel)
    assert accepted == 8
    assert result["uncertainty"] == ["regression"]
    assert result["systematic_error_n"] == 8
    percent = 100 * result["differential_value"] / result["baseline_value"]
    assert 7 < percent < 10
    # two buildings, each read at four frequencies: their errors add up, but the sum treats them as independent
    headlines = [meter.headline for meter in demo.meters if meter.headline]
    correlated = [saved(*sides(one)) for one in headlines if one["id"] in result["derivatives"]]
    assert abs(percent - TRUTH) < 100 * sum(one.half_width for one in correlated) / result["baseline_value"] < TRUTH
    assert result["differential_upper"] == pytest.approx(math.hypot(*(one.half_width for one in correlated)))


def test_the_sums_equal_those_of_the_meters_exactly(demo: Demo) -> None:
    headlines = {meter.headline["id"]: sides(meter.headline) for meter in demo.meters if meter.headline}
    for result, _ in demo.sums:
        both = [headlines[id] for id in result["derivatives"] if id in headlines]
        for name, side in zip(("baseline", "reporting"), zip(*both, strict=True), strict=True):
            assert result[f"{name}_value"] == math.fsum(one.value for one in side)
            assert result[f"{name}_upper"] == math.sqrt(math.fsum(one.half_width**2 for one in side))


def test_single_meters_scatter_around_the_true_savings(meters: list[Meter]) -> None:
    for meter in meters:
        assert meter.headline
        before, after = sides(meter.headline)
        assert 1 < 100 * (1 - after.value / before.value) < 18


def test_the_report_shows_every_meter(demo: Demo, meters: list[Meter]) -> None:
    console = Console(file=io.StringIO(), width=116)
    for part in report(meters, demo.sums):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for meter in meters:
        assert meter.project["project_id"].removeprefix("il-electricity-").removeprefix("il-gas-") in text
    assert text.count("FAILED:") == sum(meter.run["status"] == "FAILED" for meter in meters)
