"""Choose the derivatives of an aggregation run: those of its projects, traces and group, and those listed by id."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.store.collections import links
from chalicelib.store.collections.trace_groups import Member
from chalicelib.store.results import derivatives, newest
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.shared.rows import Rows
from chalicelib.store.tables.results import Derivative, NewestRun
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, Kind

MAX_DERIVATIVES = 50_000  # per request, so that they can be read within its 29 seconds
NUMBERS = tuple(f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "lower", "upper", "n"))


class TooManyError(Exception):
    """A selection has more derivatives than one request may aggregate."""


@dataclass(frozen=True)
class Selection:
    """The ids that derivatives are selected by, and the interpretations to include (empty: all).

    members: the members of a trace group, each a project (None: any) and a trace.
    """

    projects: Sequence[int] = ()
    traces: Sequence[int] = ()
    derivatives: Sequence[int] = ()
    members: Sequence[Member] = ()
    trace_interpretations: Sequence[str] = ()  # full names
    derivative_interpretations: Sequence[str] = ()


@dataclass
class Draft:
    """The chosen derivatives of one kind, as rows of an aggregation input."""

    rows: Rows = field(default_factory=Rows)
    units: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)  # uncertainty methods of the intervals
    eemeter_versions: set[str] = field(default_factory=set)

    def add(self, derivative: Derivative) -> None:
        """Add a derivative."""
        self.rows.add(json.dumps(_pair(derivative), separators=(",", ":")))
        self.units[derivative.unit] += 1
        self.methods[derivative.uncertainty] += 1
        self.eemeter_versions.add(derivative.eemeter_version)


@dataclass
class Choice:
    """The chosen derivatives by kind, the number that the filters left out, and what was not found.

    missing: the listed ids that do not exist. without_result: the selected traces without a successful meter run, each
    with the project that it was selected for (0: any).
    """

    drafts: dict[Kind, Draft] = field(default_factory=dict)
    passed_over: Counter[Kind] = field(default_factory=Counter)
    missing: set[int] = field(default_factory=set)
    without_result: list[newest.Key] = field(default_factory=list)

    @property
    def units(self) -> dict[Kind, Counter[str]]:
        """For each kind, the number of chosen derivatives per unit."""
        return {kind: draft.units for kind, draft in self.drafts.items()}


@dataclass(frozen=True)
class Chosen:
    """The derivatives of one aggregation run, all of one kind and unit."""

    kind: Kind
    unit: str
    draft: Draft
    without_result: Sequence[newest.Key] = ()


def choose(selection: Selection) -> Choice:
    """Read the derivatives of a selection, each once and ordered by id.

    Raises TooManyError, before any derivative is read.
    """
    keys = list(_newest_keys(selection))
    runs = newest.runs_of(keys)
    wanted = _derivative_ids(selection, runs.values())
    if len(wanted) > MAX_DERIVATIVES:
        alternative = "" if selection.derivative_interpretations else ", or select one derivative interpretation"
        raise TooManyError(
            f"The selection has {len(wanted):,} derivatives, and the limit is {MAX_DERIVATIVES:,} per request. Split "
            f"the request{alternative}."
        )
    without_result = [key for key in dict.fromkeys(keys) if key not in runs]
    choice = Choice(missing=set(selection.derivatives), without_result=without_result)
    for derivative in derivatives.stream(wanted):
        choice.missing.discard(derivative.id)
        kind = Kind(derivative.trace_interpretation, derivative.interpretation)
        asked = (selection.trace_interpretations, selection.derivative_interpretations)
        if all(not names or name in names for name, names in zip(kind, asked, strict=True)):
            choice.drafts.setdefault(kind, Draft()).add(derivative)
        else:
            choice.passed_over[kind] += 1
    return choice


def _derivative_ids(selection: Selection, runs: Iterable[int]) -> list[int]:
    """The derivative ids of runs and of the selection itself, ascending and without duplicates."""
    interpretations = selection.derivative_interpretations or DERIVATIVE_INTERPRETATIONS
    positions = [DERIVATIVE_INTERPRETATIONS.index(name) for name in interpretations]
    of_runs = {derivative_ids(run)[position] for run in runs for position in positions}
    return sorted(of_runs | set(selection.derivatives))


def _newest_keys(selection: Selection) -> Iterator[newest.Key]:
    """The selected traces, each with the project that it was selected for, or any."""
    for trace in selection.traces:
        yield trace, NewestRun.ANY_PROJECT
    for project, members in links.traces_of_each(selection.projects).items():
        for trace in members:
            yield trace, project
    for member, trace in selection.members:
        yield trace, member or NewestRun.ANY_PROJECT


def _pair(derivative: Derivative) -> dict[str, Any]:
    """A derivative in the serialization of the original datastore, along with its origin."""
    return {
        "label": derivative.id,
        "meter_result": derivative.meter_result,
        "project": derivative.project,
        "trace": derivative.trace,
        "trace_interpretation": derivative.trace_interpretation,
        "derivative_interpretation": derivative.interpretation,
        "unit": derivative.unit,
        **{name: getattr(derivative, name) for name in NUMBERS},
        "uncertainty": derivative.uncertainty,
        "systematic_error": derivative.systematic_error,
    }
