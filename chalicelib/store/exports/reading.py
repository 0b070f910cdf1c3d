"""Read what an export shows, a block of candidates at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from chalicelib.instants import microseconds
from chalicelib.store.collections import trace_series
from chalicelib.store.collections.filters import matches
from chalicelib.store.exports import candidates, later, rows
from chalicelib.store.exports.candidates import Ids
from chalicelib.store.exports.rows import Row
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.shared import lean, pages
from chalicelib.store.tables.collections import Project, Trace
from chalicelib.store.tables.exports import Export
from chalicelib.store.tables.results import AggregationResult, Derivative, MeterResult
from chalicelib.store.tables.runs import MeterRun
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

REMEMBERED = 20_000  # projects, and traces, in memory, of at most a kilobyte or two each
RECORDS_AT_ONCE = 10_000
BLOCK = pages.BLOCK  # candidates that are read at a time
RUN = (
    *("id", "trace", "project", "status", "failure_reason", "failure_message", "batch", "meter_input"),
    *("model_class", "model_kwargs", "formatter_class", "reporting_window", "added", "updated"),
)
OF_RESULT = (  # of a run; those of DETAILS are attributes of older results
    *("id", "meter_output", "eemeter_version", "datastore_version", "model_class", "formatter_class"),
    *("weather_station", "weather_normal_station", "trace_interpretation", *MeterResult.DETAILS, "details"),
)
OF_DERIVATIVE = ("id", "trace", "project", "trace_interpretation", "added", "updated")
RESULT = tuple(name for name in MeterResult.get_attributes() if name != "derivatives")
TRACE = ("id", "trace_id", "interpretation", "unit")
PROJECT = (
    *("id", "project_id", "metadata", "zipcode", "timezone"),
    *("baseline_period_start", "baseline_period_end", "reporting_period_start", "reporting_period_end"),
)
OWN_DEFAULTS = tuple(Derivative.get_attributes()[name].default for name in Derivative.OWN)


class Block(NamedTuple):
    """Some rows, and the position of the candidates up to which all rows have been read; None: more are to come."""

    position: int | None
    rows: Sequence[Row]


class Known:
    """The items of a table that were read before; when there are too many, all are forgotten."""

    def __init__(self, model: Any, names: Sequence[str]) -> None:
        self._model, self._names = model, names
        self._items: dict[int, Any] = {}

    def of(self, ids: Iterable[int | None]) -> Mapping[int | None, Any]:
        """The items that exist among these ids, by id."""
        wanted = {id for id in ids if id is not None}
        known = self._items
        if missing := wanted - known.keys():
            if len(known) > REMEMBERED:
                known = {id: known[id] for id in wanted & known.keys()}
            found = {item.id: item for item in lean.batch_get(self._model, sorted(missing), self._names)}
            known |= {id: found.get(id) for id in missing}
            self._items = known
        return {id: item for id in wanted if (item := known[id]) is not None}


class Reader:
    """Reads the rows of one export. It remembers projects and traces, so it should not live for longer than a step."""

    def __init__(self, export: Export, chosen: Ids) -> None:
        self._export, self._chosen, self._filters = export, chosen, export.filters
        self._projects, self._traces = Known(Project, PROJECT), Known(Trace, TRACE)
        self._keep = pages.matches(project=self._filters.get("project"), trace=self._filters.get("trace"))
        self._newest_only = candidates.is_newest_only(export.kind, self._filters)
        self._interpretations = frozenset(self._filters.get("interpretation") or DERIVATIVE_INTERPRETATIONS)

    def blocks(self, position: int) -> Iterator[Block]:
        """The rows of the candidates from this position on, of which few are in memory at a time.

        Raises Busy and DeadlineExceededError.
        """
        read: dict[str, Callable[[list[int]], list[Row]]] = {
            "savings": self._savings,
            "meter_results": self._meter_results,
            "derivatives": self._derivatives,
            "aggregation_results": self._aggregation_results,
        }
        if self._export.kind in read:
            for found in pages.in_blocks(read[self._export.kind], self._chosen[position:], BLOCK):
                position = min(position + BLOCK, len(self._chosen))
                yield Block(position, found)
        else:
            yield from self._trace_records(position)

    def _savings(self, block: list[int]) -> list[Row]:
        ended = (run for run in lean.batch_get(MeterRun, block, RUN) if run.status in ENDED)
        runs = self._wanted(ended)
        succeeded = [run.id for run in runs if run.status == "SUCCESS"]
        results = {result.id: result for result in _results(succeeded, (*OF_RESULT, "derivatives"))}
        traces = self._traces.of(run.trace for run in runs)
        projects = self._projects.of(run.project for run in runs)
        found: list[Row] = []
        for run in runs:
            trace, project = traces.get(run.trace), projects.get(run.project)
            result = results.get(run.id)
            if result is not None:
                if derivatives := self._asked(result):
                    found += rows.savings(run, result, derivatives, trace, project)
            elif run.status == "FAILED":
                found += rows.savings(run, None, (), trace, project)
        return found

    def _meter_results(self, block: list[int]) -> list[Row]:
        return [rows.meter_result(result) for result in self._wanted(_results(block, RESULT))]

    def _derivatives(self, block: list[int]) -> list[Row]:
        results = self._wanted(_results(block, (*OF_DERIVATIVE, "derivatives")))
        return [rows.derivative(result, id, own) for result in results for id, own in self._asked(result)]

    def _aggregation_results(self, block: list[int]) -> list[Row]:
        names = ("trace_interpretation", "derivative_interpretation", "aggregation_interpretation")
        keep = pages.matches(**{name: self._filters.get(name) for name in names})
        found = pages.get_many(AggregationResult, block)
        return [rows.aggregation_result(found[id]) for id in sorted(found) if keep(found[id])]

    def _trace_records(self, position: int) -> Iterator[Block]:
        keep = pages.matches(interpretation=self._filters.get("trace_interpretation"))
        start, end = (_instant(self._filters.get(name)) for name in ("start", "end"))
        for block in pages.blocks(self._chosen[position:], BLOCK):
            found = pages.get_many(Trace, block)
            in_group = self._in_group([(id, trace.projects or [None]) for id, trace in found.items()])
            for id in block:
                position += 1
                if id in in_group and keep(found[id]):
                    records = rows.trace_records(found[id], trace_series.read(found[id], start, end, read_only=True))
                    while some := list(islice(records, RECORDS_AT_ONCE)):
                        yield Block(None, some)
                yield Block(position, ())

    def _wanted(self, items: Iterable[Any]) -> list[Any]:
        """Those of these runs or results that match the filters, ordered by id."""
        found = sorted(filter(self._keep, items), key=lambda item: item.id)
        if self._newest_only:
            found = later.without_outdated(found, self._chosen, self._export.chosen or 0)
        if self._export.group_filter is None:
            return found
        self._traces.of(item.trace for item in found)  # all at once
        self._projects.of(item.project for item in found)
        return [item for item in found if self._in_group([(item.trace, [item.project])])]

    def _in_group(self, traces: Sequence[tuple[int | None, Sequence[int | None]]]) -> set[int | None]:
        """Those of these traces that match the filter of the group, if there is one, with one of these projects each.

        A project that was deleted counts as none.
        """
        group = self._export.group_filter
        if group is None:
            return {trace for trace, _ in traces}
        known = self._traces.of(trace for trace, _ in traces)
        owners = self._projects.of(project for _, projects in traces for project in projects)
        return {
            trace
            for trace, projects in traces
            if trace in known and any(matches(group, known[trace], owners.get(project)) for project in projects)
        }

    def _asked(self, result: Any) -> list[tuple[int, Sequence[Any]]]:
        """The ids and the values of Derivative.OWN of a result's derivatives that match the filters, ordered by id."""
        ids = dict(zip(DERIVATIVE_INTERPRETATIONS, derivative_ids(result.id), strict=True))
        return sorted((ids[own[0]], own) for own in result.derivatives if own[0] in self._interpretations)


def _results(ids: Iterable[int], names: Sequence[str]) -> list[Any]:
    """The meter results that exist among these ids, with these attributes; those in `details` as attributes as well."""
    found = list(lean.batch_get(MeterResult, ids, names))
    if "details" in names:
        for result in found:
            vars(result).update(result.details or {})
    if "derivatives" in names:
        _complete(found)
    return found


def _complete(results: Iterable[Any]) -> None:
    """Read the derivatives of results that have them as items of their own, and fill in values that some lack."""
    older = {result.id: result for result in results if result.derivatives is None}
    for result in older.values():
        result.derivatives = []
    ids = [id for result in older for id in derivative_ids(result)]
    for one in lean.batch_get(Derivative, ids, ("meter_result", *Derivative.OWN)) if ids else ():
        older[one.meter_result].derivatives.append([getattr(one, name) for name in Derivative.OWN])
    for result in results:
        result.derivatives = [(*own, *OWN_DEFAULTS[len(own) :]) for own in result.derivatives]


def _instant(text: str | None) -> int | None:
    return None if text is None else microseconds(datetime.fromisoformat(text))
