"""How accurate are the savings? Write docs/validation.md and its plots, from simulated meters and eemeter's samples.

    python -m benchmarks.validation [--keep FILE]

runs the meters of the published set. It takes about half an hour on two CPUs and always gives the same numbers.
FILE stores the results, so that the page can be written again without running the meters.

    python -m benchmarks.validation --draft SHARE DIRECTORY

writes the same from a share of the meters, such as 0.1, but of the development set.
"""

import argparse
import pickle
from pathlib import Path
from string import Template

from benchmarks.meters.simulated_meter import DEVELOPMENT, PUBLISHED
from benchmarks.validation import tables
from benchmarks.validation.bounds import bounds, bounds_table
from benchmarks.validation.plan import PLAN, scaled
from benchmarks.validation.plots import LOADS_PLOT, METHODS_PLOT, write_plots
from benchmarks.validation.portfolios import LARGE, attainable_coverage
from benchmarks.validation.results import Results, gather
from chalicelib.metering.meter import DATASTORE_VERSION, EEMETER_VERSION

DOCS = Path(__file__).parents[2] / "docs"
TEXT = Path(__file__).with_suffix(".md")


def document(results: Results) -> str:
    """Return docs/validation.md: the text of page.md in this directory, with the tables filled in."""
    found = bounds(results)
    judged = [run for run in results.samples if run.covers is not None]
    largest_pool = max(one.pool for one in results.portfolios)
    return Template(TEXT.read_text()).substitute(
        eemeter=EEMETER_VERSION,
        datastore=DATASTORE_VERSION,
        set="published set" if results.seed == PUBLISHED else "development set: a draft",
        runs=f"{len(results.outcomes):,}",
        meters=f"{results.meters:,}",
        refused=results.refused,
        compared=results.plan.compared,
        answer=tables.answer_table(results),
        bounds=len(found),
        missed=sum(bool(bound.missed()) for bound in found),
        bounds_table=bounds_table(found),
        conditions=tables.condition_table(results),
        methods=tables.method_table(results),
        methods_plot=METHODS_PLOT,
        billing=tables.billing_table(results),
        loads_plot=LOADS_PLOT,
        draws=results.plan.draws,
        largest_pool=largest_pool,
        attainable=f"{attainable_coverage(LARGE, largest_pool):.0f}",
        portfolios=tables.portfolio_table(results),
        events=tables.event_table(results),
        little_noise=tables.little_noise_table(results),
        samples=tables.sample_table(results.samples),
        sample_runs=len(results.samples),
        sample_refused=sum(run.interpretation is None for run in results.samples),
        sample_judged=len(judged),
        sample_covered=sum(run.covers is True for run in judged),
        refusals=tables.refusals(results.samples),
    )


def write(results: Results, directory: Path) -> None:
    """Write the page and its plots."""
    directory.mkdir(exist_ok=True)
    write_plots(results, directory)
    (directory / "validation.md").write_text(document(results))
    print(f"{directory / 'validation.md'} has been written.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation")
    parser.add_argument("--keep", type=Path, metavar="FILE")
    parser.add_argument("--draft", nargs=2, metavar=("SHARE", "DIRECTORY"))
    given = parser.parse_args()
    if given.keep and given.keep.exists():
        results = pickle.loads(given.keep.read_bytes())
    else:
        plan, seed = (scaled(PLAN, float(given.draft[0])), DEVELOPMENT) if given.draft else (PLAN, PUBLISHED)
        results = gather(plan, seed)
        if given.keep:
            given.keep.write_bytes(pickle.dumps(results))
    write(results, Path(given.draft[1]) if given.draft else DOCS)
