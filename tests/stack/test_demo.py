"""The sample portfolio through the API, as `make demo` runs it, against what the samples are built to save."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from infra.local import demo, portfolio
from infra.local.savings import TRUTH, Meter, added, report, saved, sides
from infra.local.stack import Running


@pytest.fixture(scope="module")
def meters(stack: Running) -> list[Meter]:
    client, progress = demo.Client(stack.url, stack.token), Progress(disable=True)
    return demo.results(client, demo.run_meters(client, demo.load(client, progress), progress))


def test_each_of_the_16_succeeds_or_is_disqualified_by_a_named_criterion(meters: list[Meter]) -> None:
    assert [meter.project["project_id"] for meter in meters] == portfolio.names()
    failures = [meter.run["failure_message"] for meter in meters if meter.run["status"] == "FAILED"]
    assert len(meters) == 16
    assert len(failures) <= 4
    assert all("disqualified by eemeter's sufficiency criteria" in failure for failure in failures)


@pytest.mark.parametrize("fuel", ["electricity", "gas"])
def test_the_interval_of_a_fuel_covers_what_was_saved(meters: list[Meter], fuel: str) -> None:
    pairs = [sides(one.headline) for one in meters if one.headline and one.project["metadata"]["fuel"] == fuel]
    baseline, reporting = (added(list(side)) for side in zip(*pairs, strict=True))
    savings = saved(baseline, reporting)
    percent, half_width = 100 * savings.value / baseline.value, 100 * savings.half_width / baseline.value
    assert 8 < percent < 10
    assert abs(percent - TRUTH) < half_width


def test_single_meters_scatter_around_what_was_saved(meters: list[Meter]) -> None:
    for meter in meters:
        if meter.headline:
            before, after = sides(meter.headline)
            assert 1 < 100 * (1 - after.value / before.value) < 18


def test_the_report_shows_every_meter(meters: list[Meter]) -> None:
    console = Console(file=io.StringIO(), width=116)
    for part in report(meters):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for meter in meters:
        assert meter.project["project_id"].removeprefix("il-electricity-").removeprefix("il-gas-") in text
    assert text.count("FAILED:") == sum(meter.run["status"] == "FAILED" for meter in meters)
