"""Can the savings be defended? Writes docs/validation.md: eemeter's samples against their truth, and a simulation.

    python -m benchmarks.validation

takes 10 minutes and more of two processors. The same numbers come out each time.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import mean, median, stdev
from string import Template

from benchmarks import sample_runs, simulation
from benchmarks.sample_runs import SampleRun
from benchmarks.simulated_meter import KINDS
from benchmarks.simulation import AS_SHIPPED, LOW_AUTOCORRELATION, Group, Misfit, Outcome, coverage
from chalicelib.metering.meter import DATASTORE_VERSION, EEMETER_VERSION
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

DOCUMENT = Path(__file__).parents[1] / "docs" / "validation.md"
TEXT = Path(__file__).with_suffix(".md")
NORMAL_YEAR, _, OBSERVED = DERIVATIVE_INTERPRETATIONS


def document(samples: Sequence[SampleRun], outcomes: Sequence[Outcome], misfits: Sequence[Misfit]) -> str:
    """docs/validation.md: the text beside this file, with the tables in it."""
    sufficient = [outcome for outcome in outcomes if outcome.sufficient]
    judged = [run for run in samples if run.covers is not None]
    return Template(TEXT.read_text()).substitute(
        eemeter=EEMETER_VERSION,
        datastore=DATASTORE_VERSION,
        meters=len({(outcome.group, outcome.number) for outcome in outcomes}),
        runs=len(samples),
        failed=sum(run.interpretation is None for run in samples),
        judged=len(judged),
        covered=sum(run.covers is True for run in judged),
        samples=sample_table(samples),
        coverage=coverage_table(sufficient),
        insufficient=coverage_table([outcome for outcome in outcomes if not outcome.sufficient]),
        autocorrelation=autocorrelation_table(sufficient),
        formulas=formula_table(sufficient),
        kinds=kind_table([outcome for outcome in sufficient if outcome.interpretation == NORMAL_YEAR]),
        misfits=misfit_table(misfits),
    )


def sample_table(runs: Iterable[SampleRun]) -> str:
    """A row a sample and model."""
    rows = []
    for run in runs:
        cells = [run.sample, run.model]
        if run.interpretation is None:
            cells += ["", "", ""]
        else:
            star = "" if run.interpretation == NORMAL_YEAR else " *"
            cells += [
                f"{run.cvrmse:.3f}",
                f"{run.saved:,.0f} ± {run.half_width:,.0f} {run.unit}{star}",
                f"{run.percent:.1f} ± {run.percent_half_width:.1f}",
            ]
        cells.append("" if run.true is None else f"{run.true:,.0f} {run.unit}, {run.true_percent:.0f} %")
        cells += [{True: "yes", False: "**no**", None: ""}[run.covers], run.why]
        rows.append(cells)
    return _table(["Sample", "Model", "CVRMSE", "Saved", "Saved %", "Truth", "Covered", "What eemeter refuses"], rows)


def coverage_table(outcomes: Sequence[Outcome]) -> str:
    """A row a group and derivative."""
    rows = []
    for group, interpretation, alike in _alike(outcomes):
        found = coverage(alike)
        rows.append(
            [
                *_names(group),
                interpretation,
                str(found.n),
                _percent(found.fraction, found.low, found.high),
                f"{_width(found.half_width)} %",
                f"{found.needed:.1f} %",
                f"{found.bias:+.1f} %",
            ]
        )
    return _table(["Readings", "Model", "Derivative", "n", "Covered", "Half-width", "Needed", "Bias"], rows)


def autocorrelation_table(outcomes: Sequence[Outcome]) -> str:
    """A row a group and derivative, with the meters of little and of much autocorrelation side by side."""
    sides: tuple[Callable[[Outcome], bool], ...] = (
        lambda outcome: outcome.autocorrelation < LOW_AUTOCORRELATION,
        lambda outcome: outcome.autocorrelation >= LOW_AUTOCORRELATION,
    )
    rows = []
    for group, interpretation, alike in _alike(outcomes):
        cells = [*_names(group), interpretation]
        for belongs in sides:
            found = coverage([outcome for outcome in alike if belongs(outcome)])
            cells += [
                str(found.n),
                _percent(found.fraction, found.low, found.high),
                f"{_width(found.half_width)} % for {found.needed:.1f} %",
            ]
        rows.append(cells)
    header = ["n", "Covered", "Half-width for needed"]
    low, high = f"under {LOW_AUTOCORRELATION}", f"from {LOW_AUTOCORRELATION}"
    titles = [f"{title}, {side}" for side in (low, high) for title in header]
    return _table(["Readings", "Model", "Derivative", *titles], rows)


def formula_table(outcomes: Sequence[Outcome]) -> str:
    """A row a group, derivative and formula, for the groups that have several."""
    rows = []
    for group, interpretation, alike in _alike(outcomes):
        formulas = list(alike[0].half_widths)
        for formula in formulas if len(formulas) > 1 and interpretation in (NORMAL_YEAR, OBSERVED) else ():
            found = coverage(alike, formula)
            rows.append(
                [
                    group.frequency,
                    interpretation,
                    f"**{formula}**" if formula == AS_SHIPPED else formula,
                    str(found.n),
                    _percent(found.fraction, found.low, found.high),
                    f"{_width(found.half_width)} %",
                    f"{found.needed:.1f} %",
                ]
            )
    return _table(["Readings", "Derivative", "Formula", "n", "Covered", "Half-width", "Needed"], rows)


def kind_table(outcomes: Sequence[Outcome]) -> str:
    """A row a group and kind of load."""
    rows = []
    for group, _, alike in _alike(outcomes):
        for kind in KINDS:
            errors = [outcome.found - outcome.true for outcome in alike if outcome.kind == kind]
            spread = 1.96 * stdev(errors) / math.sqrt(len(errors))
            rows.append([*_names(group), kind, str(len(errors)), f"{mean(errors):+.1f} ± {spread:.1f} %"])
    return _table(["Readings", "Model", "Loads", "n", "Bias"], rows)


def misfit_table(misfits: Sequence[Misfit]) -> str:
    """A row a group: what is left of its models' errors when the meters have hardly any noise."""
    rows = []
    for group in dict.fromkeys(misfit.group for misfit in misfits):
        alike = [misfit for misfit in misfits if misfit.group == group]
        errors = [misfit.error for misfit in alike]
        rows.append(
            [
                *_names(group),
                str(len(alike)),
                f"{median(misfit.cvrmse for misfit in alike):.1f} %",
                f"{mean(errors):+.1f} %",
                f"{min(errors):+.1f} to {max(errors):+.1f} %",
            ]
        )
    return _table(["Readings", "Model", "Meters", "CVRMSE, median", "Bias", "Errors"], rows)


def _alike(outcomes: Sequence[Outcome]) -> list[tuple[Group, str, list[Outcome]]]:
    keys = dict.fromkeys((outcome.group, outcome.interpretation) for outcome in outcomes)
    return [(*key, [one for one in outcomes if (one.group, one.interpretation) == key]) for key in keys]


def _names(group: Group) -> list[str]:
    return [group.frequency, group.model]


def _percent(fraction: float, low: float, high: float) -> str:
    return f"{100 * fraction:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _width(value: float) -> str:
    return "infinite" if math.isinf(value) else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    misfits = simulation.misfits(simulation.PLAN)
    text = document(sample_runs.sample_runs(), simulation.run(simulation.PLAN), misfits)
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(text)
    print(f"{DOCUMENT} is written.")


if __name__ == "__main__":
    main()
