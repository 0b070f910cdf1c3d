"""Write docs/validation.md from a few meters: the figures are meaningless, but the code is the same."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.meters.simulated_meter import DEVELOPMENT, simulate
from benchmarks.validation import page as validation
from benchmarks.validation import portfolios, simulation, tables
from benchmarks.validation.bounds import bounds
from benchmarks.validation.plan import BIMONTHLY, DAILY, EEMETER_BIMONTHLY, EEMETER_MONTHLY, MONTHLY, Plan, jobs_of
from benchmarks.validation.plots import LOADS_PLOT, METHODS_PLOT, write_plots
from benchmarks.validation.results import Results
from benchmarks.validation.sample_runs import SampleRun
from benchmarks.validation.simulation import LOADS, load_of

pytestmark = pytest.mark.slow

PLAN = Plan(
    groups={MONTHLY: 4, EEMETER_MONTHLY: 2, BIMONTHLY: 4, EEMETER_BIMONTHLY: 2, DAILY: 2},
    compared=2,
    little_noise=1,
    event=1,
    pools=dict.fromkeys((MONTHLY, EEMETER_MONTHLY, BIMONTHLY, EEMETER_BIMONTHLY), 1),
    draws=3,
)
SAMPLES = [
    SampleRun("il-a", "DailyModel", 10, "annualized_weather_normal", 9, 2),
    SampleRun("il-a", "CaltrackBillingModel", 10, "gross_observed", 15, 2),
    SampleRun("uk-b", "DailyModel", None, why="baseline period: it spans 91 days (incorrect_number_of_total_days)"),
]


@pytest.fixture(scope="module")
def results() -> Results:
    numbers: dict[tuple[str, bool], list[int]] = {(load, one): [] for load in LOADS for one in (False, True)}
    for number in range(40):
        for one_weather in (False, True):
            numbers[load_of(simulate("billing_monthly", number)), one_weather].append(number)
    with pytest.MonkeyPatch.context() as patch:
        for module in (simulation, portfolios):  # starting a process would take longer than the work
            patch.setattr(module, "processes", lambda: ThreadPoolExecutor(1))
        outcomes = simulation.run(jobs_of(PLAN, numbers), DEVELOPMENT)
        found = portfolios.portfolios(PLAN, numbers, outcomes)
    return Results(PLAN, DEVELOPMENT, numbers, outcomes, found, SAMPLES)


def test_the_page_has_its_tables(results: Results) -> None:
    page = validation.document(results)
    lines = page.splitlines()
    assert "$" not in page
    assert "development set: a draft" in page
    assert sum(line.startswith(("| monthly bills | annualized", "| days | gross_observed |")) for line in lines) == 2
    assert any(line.startswith("| monthly bills | BillingModel | guideline14 | ") for line in lines)
    assert any(line.startswith("| bimonthly bills | CaltrackBillingModel | electric cooling | ") for line in lines)
    assert any(line.startswith("| vacancy | days | 1 of 1 | ") for line in lines)
    assert any(line.startswith("| autocorrelation below 0.3 | ") for line in lines)
    assert "| il-a | 9.0 ± 2.0 | **15.0 ± 2.0 *** |" in lines
    assert "`incorrect_number_of_total_days` (1)" in page
    assert len({line.count("|") for line in lines if line.startswith("|")}) < 14


def test_the_page_says_by_how_much_a_bound_is_missed(results: Results) -> None:
    page = validation.document(results)
    found = bounds(results)
    missed = [bound for bound in found if bound.missed()]
    assert missed  # four meters cannot have a coverage of 95 %
    assert f"Of {len(found)} bounds, {len(missed)} are" in page.replace("\n", " ")
    assert page.count("**missed by ") == len(missed)
    assert page.count("| met |") + page.count("| not measured |") == len(found) - len(missed)


def test_methods_are_compared_on_the_same_meters(results: Results) -> None:
    for group in PLAN.groups:
        assert {one.job.number for one in results.compared(group)} <= {0, 1}
    for _, _, errors in tables.billing_errors(results):
        assert len(errors[0]) == len(errors[1])


def test_portfolios_have_only_meters_with_sufficient_data(results: Results) -> None:
    assert {one.group for one in results.portfolios} == set(PLAN.pools)
    assert all(0 < one.pool <= PLAN.pools[one.group] for one in results.portfolios)
    assert all(list(one.of_size) == [50, 1000] for one in results.portfolios)
    assert all(0 <= sums.covered.value <= 100 for one in results.portfolios for sums in one.of_size.values())


def test_the_plots_are_reproducible(results: Results, tmp_path: Path) -> None:
    directories = [tmp_path / name for name in ("one", "other")]
    for directory in directories:
        directory.mkdir()
        write_plots(results, directory)
    for name in (METHODS_PLOT, LOADS_PLOT):
        one, other = ((directory / name).read_bytes() for directory in directories)
        assert one == other
        assert b"<dc:date>" not in one
