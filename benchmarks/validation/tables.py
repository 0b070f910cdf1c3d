"""The tables of docs/validation.md. Numbers are in percent of the baseline, with their 95 % intervals."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import quantiles

from benchmarks.meters.events import EVENTS
from benchmarks.meters.noise import LAWS
from benchmarks.validation.bounds import LOW_AUTOCORRELATION
from benchmarks.validation.coverage import coverage, mean_of
from benchmarks.validation.markdown import NONE, READINGS, bias, share, table, width
from benchmarks.validation.plan import BILLING_MODELS, MAIN
from benchmarks.validation.portfolios import LARGE, NORMAL_YEAR, OBSERVED, SMALL, PortfolioCoverage
from benchmarks.validation.results import Results
from benchmarks.validation.sample_runs import SampleRun
from benchmarks.validation.simulation import LOADS, Group, Outcome, of_derivative
from chalicelib.metering.models.registry import MODEL_CLASSES
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

_YEARS = ("first, then second", "second, then first", "same year twice")

Condition = Callable[[Outcome], bool]


def answer_table(results: Results) -> str:
    """Return one row per group and derivative: coverage, and the bias by load."""
    rows = []
    for group in MAIN:
        for interpretation in DERIVATIVE_INTERPRETATIONS:
            alike = of_derivative(results.sufficient(group), interpretation)
            found = coverage(alike)
            rows.append(
                [
                    READINGS[group.frequency],
                    interpretation,
                    str(found.n),
                    share(found.share),
                    width(found.half_width),
                    width(found.needed),
                    *(bias(mean_of([one.error for one in alike if one.load == load])) for load in LOADS),
                ]
            )
    first, *others = LOADS
    header = ["Readings", "Derivative", "n", "Covered", "Half-width", "Needed", f"Bias: {first}", *others]
    return table(header, rows)


def condition_table(results: Results) -> str:
    """Return one row per condition and one column per group: coverage and width of annualized savings' intervals."""
    of_groups = [of_derivative(results.sufficient(group), NORMAL_YEAR) for group in MAIN]
    rows = [
        [name, *(_condition([one for one in alike if belongs(one)]) for alike in of_groups)]
        for name, belongs in _conditions()
    ]
    insufficient = [[one for one in results.of_group(group) if not one.sufficient] for group in MAIN]
    rows.append(["insufficient data", *(_condition(of_derivative(alike, NORMAL_YEAR)) for alike in insufficient)])
    return table(["Meters", *(READINGS[group.frequency] for group in MAIN)], rows)


def method_table(results: Results) -> str:
    """Return one row per group: the coverage of the intervals by each method."""
    rows = []
    for group in results.plan.groups:
        alike = results.compared(group)
        meters = len({one.job.number for one in alike})
        cells = [READINGS[group.frequency], group.model, group.uncertainty, str(meters)]
        for interpretation in (NORMAL_YEAR, OBSERVED):
            found = coverage(of_derivative(alike, interpretation))
            without = f", {meters - found.n} without" if found.n < meters else ""
            cells += [share(found.share) + without, width(found.half_width), width(found.needed)]
        rows.append(cells)
    titles = [title for name in (NORMAL_YEAR, OBSERVED) for title in (f"{name}: covered", "Half-width", "Needed")]
    return table(["Readings", "Model", "Method", "n", *titles], rows)


def billing_table(results: Results) -> str:
    """Return one row per frequency and load: both billing models on the same meters."""
    rows = []
    for groups, load, errors in billing_errors(results):
        cells = [text for one in errors for text in (bias(mean_of(one)), _middle(one))]
        rows.append([READINGS[groups[0].frequency], load, str(len(errors[0])), *cells])
    titles = [text for group in BILLING_MODELS[0] for text in (f"{group.model}: bias", "95% of errors")]
    return table(["Readings", "Load", "n", *titles], rows)


def billing_errors(results: Results) -> Iterator[tuple[tuple[Group, Group], str, list[list[float]]]]:
    """Yield, by frequency and load, the errors of annualized savings of each billing model on the same meters."""
    for groups in BILLING_MODELS:
        for load in LOADS:
            alike = [of_derivative(outcomes, NORMAL_YEAR) for outcomes in results.of_load(groups, load)]
            yield groups, load, [[one.error for one in outcomes] for outcomes in alike]


def portfolio_table(results: Results) -> str:
    """Return one row per group and load, with columns per weather; cells have annualized, then observed savings."""
    found: dict[tuple[Group, str], dict[bool, list[PortfolioCoverage]]] = defaultdict(lambda: defaultdict(list))
    for one in results.portfolios:
        found[one.group, one.load][one.one_weather].append(one)
    rows = []
    for (group, load), of_weather in found.items():
        cells = [READINGS[group.frequency], group.model, load]
        for one_weather in (False, True):
            pair = of_weather[one_weather]
            widths, biases = (width(one.of_size[SMALL].half_width) for one in pair), (bias(one.bias) for one in pair)
            cells += [
                str(pair[0].pool) if pair else "0",
                _covered(pair, SMALL),
                _pair(widths),
                _covered(pair, LARGE),
                _pair(biases),
            ]
        rows.append(cells)
    titles = [
        title
        for weather in ("All climates", "One climate")
        for title in (f"{weather}: pool", f"{SMALL}", "Half-width", f"{LARGE:,}", "Bias")
    ]
    return table(["Readings", "Model", "Load", *titles], rows)


def event_table(results: Results) -> str:
    """Return one row per event and group."""
    rows = []
    for event in EVENTS:
        for group in MAIN:
            found = coverage(
                of_derivative([one for one in results.with_event(group, event) if one.sufficient], OBSERVED)
            )
            cells = [share(found.share), width(found.half_width), width(found.needed), bias(found.bias)]
            rows.append([event, READINGS[group.frequency], f"{found.n} of {results.plan.event}", *cells])
    return table(["Event", "Readings", "n", "Covered", "Half-width", "Needed", "Bias"], rows)


def little_noise_table(results: Results) -> str:
    """Return one row per group: the errors of meters with little noise."""
    rows = []
    for group in MAIN:
        alike = of_derivative([one for one in results.with_little_noise(group) if one.sufficient], NORMAL_YEAR)
        found, errors = coverage(alike), [one.error for one in alike]
        span = f"{min(errors):+.2f} to {max(errors):+.2f}" if errors else NONE
        cells = [f"{found.bias.value:+.2f}", span, share(found.share), f"{found.half_width:.2f}"]
        rows.append([READINGS[group.frequency], str(found.n), *cells])
    return table(["Readings", "n", "Bias", "Errors", "Covered", "Half-width"], rows)


def sample_table(runs: Sequence[SampleRun]) -> str:
    """Return one row per sample and one column per model."""
    found = {(run.sample, run.model): run for run in runs}
    models = [model.name for model in MODEL_CLASSES if any(run.model == model.name for run in runs)]
    rows = [
        [sample, *(_sample(found.get((sample, model))) for model in models)]
        for sample in dict.fromkeys(run.sample for run in runs)
    ]
    return table(["Sample", *models], rows)


def refusals(runs: Sequence[SampleRun]) -> str:
    """Return the criteria by which runs are refused, with the number of runs for each."""
    names = Counter(
        name
        for run in runs
        if run.interpretation is None
        for listed in re.findall(r"\(([a-z]+_[a-z_]+(?:, [a-z_]+)*)\)", run.why)
        for name in listed.split(", ")
    )
    return ", ".join(f"`{name}` ({n})" for name, n in names.most_common())


def _conditions() -> Iterator[tuple[str, Condition]]:
    for law in LAWS:
        yield f"noise {law}", lambda one, law=law: one.noise_law == law  # type: ignore[misc]
    yield f"autocorrelation below {LOW_AUTOCORRELATION}", lambda one: one.autocorrelation < LOW_AUTOCORRELATION
    yield f"autocorrelation {LOW_AUTOCORRELATION} or more", lambda one: one.autocorrelation >= LOW_AUTOCORRELATION
    for load in LOADS:
        yield load, lambda one, load=load: one.load == load  # type: ignore[misc]
    for years in _YEARS:
        yield f"weather: {years}", lambda one, years=years: one.climate.years == years  # type: ignore[misc]
    yield "with a poor-fit warning", lambda one: one.poor_fit


def _condition(outcomes: Sequence[Outcome]) -> str:
    found = coverage(outcomes)
    return f"{share(found.share)}, {width(found.half_width)}, n {found.n}" if found.n else NONE


def _middle(errors: Sequence[float]) -> str:
    """Return the central range of 95 % of the errors."""
    if len(errors) < 2:
        return NONE
    edges = quantiles(errors, n=40, method="inclusive")
    return f"{edges[0]:+.1f} to {edges[-1]:+.1f}"


def _covered(pair: Sequence[PortfolioCoverage], meters: int) -> str:
    sums = [one.of_size[meters] for one in pair]
    return _pair(f"{one.covered.value:.0f} ({_whole(one.covered_with_systematic.value)})" for one in sums)


def _whole(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.0f}"


def _pair(texts: Iterable[str]) -> str:
    return " / ".join(texts) or NONE


def _sample(run: SampleRun | None) -> str:
    if run is None:
        return ""
    if run.interpretation is None:
        return "disqualified"
    text = f"{run.found:.1f} ± {run.half_width:.1f}" + (" *" if run.interpretation == OBSERVED else "")
    return f"**{text}**" if run.covers is False else text
