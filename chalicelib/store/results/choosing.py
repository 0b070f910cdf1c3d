"""Choose the derivatives of an aggregation run: those of its projects, traces and group, and those listed by id."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.store.collections import links
from chalicelib.store.collections.trace_groups import Member
from chalicelib.store.results import derivatives, newest
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.shared.compact import IdPairs, IdSet
from chalicelib.store.shared.rows import Rows, text_of
from chalicelib.store.tables.results import NewestRun
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, Kind

MAX_DERIVATIVES = 2_000_000  # per run, so that they can be chosen within the 15 minutes of a function
MAX_IN_REQUEST = 10_000  # per request: a second of CPU time, and four more if each trace or project takes a query
NUMBERS = tuple(f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "lower", "upper", "n"))


class TooManyError(Exception):
    """A selection has more traces or derivatives than may be read."""


@dataclass(frozen=True)
class Selection:
    """The ids that derivatives are selected by, and the interpretations to include (empty: all).

    members: the members of a trace group, each a project (None: any) and a trace; they are gone through once.
    """

    projects: Sequence[int] = ()
    traces: Sequence[int] = ()
    derivatives: Sequence[int] = ()
    members: Iterable[Member] = ()
    trace_interpretations: Sequence[str] = ()  # full names
    derivative_interpretations: Sequence[str] = ()


@dataclass
class Draft:
    """The chosen derivatives of one kind, as rows of an aggregation input."""

    rows: Rows = field(default_factory=Rows)
    units: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)  # uncertainty methods of the intervals
    eemeter_versions: set[str] = field(default_factory=set)

    def add(self, derivative: Any) -> None:
        """Add a derivative, with the attributes that `derivatives.stream` gives it."""
        self.rows.add(text_of(_pair(derivative)))
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
    without_result: IdPairs = field(default_factory=IdPairs)

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
    without_result: Iterable[newest.Key] = ()


def choose(selection: Selection, limit: int, new_rows: Callable[[], Rows] = Rows) -> Choice:
    """Read the derivatives of a selection, each once and ordered by id. Few of them are in memory at a time.

    limit: at most so many traces, and so many derivatives. new_rows: makes the rows of each kind.

    Raises TooManyError, before any derivative is read, and DeadlineExceededError.
    """
    keys = _newest_keys(selection, limit)
    choice = Choice(missing=set(selection.derivatives))
    wanted = IdSet(selection.derivatives)
    interpretations = selection.derivative_interpretations or DERIVATIVE_INTERPRETATIONS
    positions = sorted({DERIVATIVE_INTERPRETATIONS.index(name) for name in interpretations})
    for key, run in zip(keys, newest.each_run(keys), strict=True):
        if run:
            for position in positions:
                wanted.add(derivative_ids(run)[position])
        else:
            choice.without_result.add(key)
    if len(wanted) > limit:
        raise TooManyError(f"The selection has {len(wanted):,} derivatives, and the limit is {limit:,}.")
    asked = (selection.trace_interpretations, selection.derivative_interpretations)
    for derivative in derivatives.stream(wanted):
        choice.missing.discard(derivative.id)
        kind = Kind(derivative.trace_interpretation, derivative.interpretation)
        if all(not names or name in names for name, names in zip(kind, asked, strict=True)):
            if kind not in choice.drafts:
                choice.drafts[kind] = Draft(new_rows())
            choice.drafts[kind].add(derivative)
        else:
            choice.passed_over[kind] += 1
    return choice


def _newest_keys(selection: Selection, limit: int) -> IdPairs:
    """The selected traces, each once, with the project that it was selected for, or any. Raises TooManyError."""
    too_many = TooManyError(f"The selection has more than {limit:,} traces, which is the limit.")
    if len(selection.traces) + len(selection.projects) > limit:  # each takes a query
        raise too_many
    keys = IdPairs()
    for key in _selected(selection):
        if len(keys) == limit:
            raise too_many
        keys.add(key)
    return keys


def _selected(selection: Selection) -> Iterator[newest.Key]:
    traces, projects = set(selection.traces), set(selection.projects)
    for trace in dict.fromkeys(selection.traces):
        yield trace, NewestRun.ANY_PROJECT
    for project, members in links.traces_of_each(selection.projects).items():
        for trace in members:
            yield trace, project
    for member, trace in selection.members:
        if not (trace in traces if member is None else member in projects):
            yield trace, member or NewestRun.ANY_PROJECT


def _pair(derivative: Any) -> dict[str, Any]:
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
