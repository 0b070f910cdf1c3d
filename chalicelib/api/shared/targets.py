"""Resolve the targets of a request: at once to the runs to make, or to what an asynchronous request stores of them."""

from collections.abc import Iterator, Mapping
from itertools import groupby, islice
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field

from chalicelib.api.http.alternatives import ID, NULL, any_of
from chalicelib.api.http.fields import Body, Id
from chalicelib.api.http.problems import ErrorItem, error, invalid, raise_if_any
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.runs import batches, failed_runs
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.shared import ids
from chalicelib.store.tables.collections import Project, Trace, TraceGroup
from chalicelib.store.tables.runs import Batch

MAX_RUNS = 10_000  # per request, unless it is asynchronous
ALONE = ("group", "all", "failed_of_batch")  # fields that no other field of a target goes with
FIELDS = ("project", "trace", *ALONE)
NOUNS = {
    "trace": "a trace",
    "project": "a project",
    "group": "a group",
    "all": "all traces",
    "failed_of_batch": "a batch",
}

Pair = tuple[int, int]  # the ids of a project and of a trace


class Limit(NamedTuple):
    """What kind of request has the limit on runs, and what to do if it has more of them; both for messages."""

    of: str
    advice: str


class _Named(NamedTuple):
    """What exists of that which targets name, by id."""

    traces: Mapping[int, Trace]
    projects: Mapping[int, Project]
    groups: Mapping[int, TraceGroup]
    batches: Mapping[int, Batch]


def _true(given: bool) -> bool:
    if not given:
        raise ValueError("This should be true; leave it out otherwise")
    return given


def _only(**given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: given.get(name, NULL) for name in FIELDS}


class Target(Body):
    """What to run: a project, a trace, a trace for one project, a trace group, all traces, or what has FAILED."""

    model_config = ConfigDict(
        json_schema_extra=any_of(
            {name: schema for name, schema in _only(trace=ID).items() if name != "project"},
            _only(project=ID),
            _only(group=ID),
            _only(all={"const": True}),
            _only(failed_of_batch=ID),
        )
    )

    project: Id | None = Field(default=None, description="The id of the project.")
    trace: Id | None = Field(default=None, description="The id of the trace.")
    group: Id | None = Field(
        default=None,
        description="The id of a trace group, instead of project and trace. Each trace of the group is run for each of "
        "the trace's projects with which it matches the filter.",
    )
    all: Annotated[bool, AfterValidator(_true)] | None = Field(
        default=None,
        description="`true` instead of the others, only in an asynchronous request: each trace is run for each of its "
        "projects.",
    )
    failed_of_batch: Id | None = Field(
        default=None,
        description="The id of a batch, instead of the others. Its runs that have FAILED are run again, with the "
        "arguments of this request if it has any, and else with those of each run.",
    )


def single_pair(project: int | None, trace: int | None) -> Pair:
    """Resolve the project and trace of a single run. Raises the 400 Problem."""
    if trace is None:
        if project is None:
            raise invalid(error("The run has no trace, project or meter_input; give one of them.", "trace"))
        return project, _only_trace(project)
    known_traces, known_projects = _known({trace}, {project} if project else set())
    found = _pair(project, trace, known_traces, known_projects, ())
    if isinstance(found, dict):
        raise invalid(found)
    return found


def _only_trace(project: int) -> int:
    if projects.get(project) is None:
        raise invalid(error(f"There is no project {project}.", "project"))
    of_project = [trace.id for trace in traces.of_projects([project]).get(project, [])]
    if not of_project:
        raise invalid(error(f"Project {project} has no traces; link a trace to it, or give one as `trace`.", "project"))
    if len(of_project) > 1:
        detail = (
            f"Project {project} has {len(of_project)} traces ({listed(of_project)}); give one as `trace`, or run them "
            "all by posting the project as a target to meter_runs/bulk/."
        )
        raise invalid(error(detail, "project"))
    return of_project[0]


def specs_of(targets: list[Target], arguments: dict[str, Any], limit: Limit) -> list[list[RunSpec]]:
    """Resolve each target to its runs, which have these arguments. Raises the 400 Problem."""
    named = _named_by(targets)
    pair_of, errors = _resolved(targets, named)
    for index, target in enumerate(targets):
        if target.all is not None:
            errors.append(error(f"All traces are too many for {limit.of}; {limit.advice}.", "targets", index, "all"))
    raise_if_any(errors)
    whole_projects = {target.project for target in targets if target.trace is None and target.project is not None}
    of_project = _pairs_of_projects(whole_projects)
    of_group = _pairs_of_groups(named.groups)
    specs: list[list[RunSpec]] = []
    for index, target in enumerate(targets):
        if target.failed_of_batch is not None:
            specs.append(_again(named.batches[target.failed_of_batch], arguments, limit, index))
            continue
        if target.group is not None:
            pairs = of_group[target.group]
        elif index in pair_of:
            pairs = [pair_of[index]]
        else:
            pairs = of_project.get(target.project, [])
        specs.append([RunSpec(project=project, trace=trace, **arguments) for project, trace in pairs])
    return specs


def stored_targets(targets: list[Target]) -> list[dict[str, Any]]:
    """Targets as `store.runs.requested` expects them. What they name exists. Raises the 400 Problem."""
    named = _named_by(targets)
    pair_of, errors = _resolved(targets, named)
    raise_if_any(errors)
    last = ids.last("traces")
    stored: list[dict[str, Any]] = []
    for kind, alike in groupby(enumerate(targets), lambda numbered: _kind(numbered[1])):
        if kind == "trace":
            stored.append({"pairs": [pair_of[index] for index, _ in alike]})
        elif kind == "project":
            stored.append({"projects": [target.project for _, target in alike]})
        elif kind == "failed_of_batch":
            stored += [{"failed_of_batch": target.failed_of_batch} for _, target in alike]
        else:
            filters = (target.group and named.groups[target.group].filter_specification for _, target in alike)
            stored += [{"traces": {"last": last, "filter": filter}} for filter in filters]
    return stored


def _kind(target: Target) -> str:
    return "trace" if target.trace is not None else next(name for name in FIELDS if getattr(target, name) is not None)


def _again(batch: Batch, arguments: dict[str, Any], limit: Limit, index: int) -> list[RunSpec]:
    found = [spec for _, spec in islice(failed_runs.repeated(batch, 0, arguments), MAX_RUNS + 1)]
    if len(found) > MAX_RUNS:
        detail = f"Batch {batch.id} has more than {MAX_RUNS:,} FAILED runs, the limit of {limit.of}; {limit.advice}."
        raise invalid(error(detail, "targets", index, "failed_of_batch"))
    return found


def _resolved(targets: list[Target], named: _Named) -> tuple[dict[int, Pair], list[ErrorItem]]:
    """The pair of each target with a trace, by the target's index, and the errors of all targets."""
    pair_of: dict[int, Pair] = {}
    errors: list[ErrorItem] = []
    for index, target in enumerate(targets):
        wrong = [*_errors_of(target, named, ("targets", index))]
        if target.trace is not None and not wrong:
            found = _pair(target.project, target.trace, named.traces, named.projects, ("targets", index))
            if isinstance(found, dict):
                wrong = [found]
            else:
                pair_of[index] = found
        errors += wrong
    return pair_of, errors


def _errors_of(target: Target, named: _Named, at: tuple[str | int, ...]) -> Iterator[ErrorItem]:
    given = [name for name in FIELDS if getattr(target, name) is not None]
    alone = next((name for name in given if name in ALONE), None)
    if not given:
        yield error(
            "The target is empty; give a project, a trace, both of these, a group, all or failed_of_batch.", *at
        )
    elif alone is not None:
        for name in given:
            if name != alone:
                yield error(f"The target has both {NOUNS[alone]} and {NOUNS[name]}; give only one.", *at, name)
        if target.group is not None and target.group not in named.groups:
            yield error(f"There is no trace group {target.group}.", *at, "group")
        if target.failed_of_batch is not None:
            yield from _errors_of_batch(target.failed_of_batch, named.batches.get(target.failed_of_batch), at)
    elif target.trace is None and target.project not in named.projects:
        yield error(f"There is no project {target.project}.", *at, "project")


def _errors_of_batch(id: int, found: Batch | None, at: tuple[str | int, ...]) -> Iterator[ErrorItem]:
    if found is None:
        yield error(f"There is no batch {id}.", *at, "failed_of_batch")
    elif found.state == batches.DELETING:
        yield error(f"Batch {id} is being deleted; name another one.", *at, "failed_of_batch")


def _pairs_of_projects(wanted: set[int]) -> dict[int | None, list[Pair]]:
    """The (project, trace) pairs of each project that has traces."""
    members = traces.of_projects(wanted) if wanted else {}
    return {project: [(project, trace.id) for trace in found] for project, found in members.items()}


def _pairs_of_groups(groups: Mapping[int, TraceGroup]) -> dict[int, list[Pair]]:
    """The (project, trace) pairs of each group, without traces that have no project and cannot be run."""
    members = trace_groups.members_of(list(groups.values()))
    return {id: [(project, trace) for project, trace in found if project is not None] for id, found in members.items()}


def _named_by(targets: list[Target]) -> _Named:
    known_traces, known_projects = _known(
        {target.trace for target in targets if target.trace is not None},
        {target.project for target in targets if target.project is not None},
    )
    groups = {target.group for target in targets if target.group is not None}
    failed = {target.failed_of_batch for target in targets if target.failed_of_batch is not None}
    return _Named(
        known_traces,
        known_projects,
        trace_groups.get_many(groups) if groups else {},
        batches.find_many(failed),
    )


def _known(trace_ids: set[int], project_ids: set[int]) -> tuple[dict[int, Trace], dict[int, Project]]:
    """The requested traces that exist, and the existing projects that are requested or that these traces belong to."""
    known_traces = traces.get_many(trace_ids) if trace_ids else {}
    wanted = project_ids | {project for trace in known_traces.values() for project in trace.projects}
    return known_traces, projects.get_many(wanted) if wanted else {}


def _pair(
    project: int | None,
    trace: int,
    known_traces: Mapping[int, Trace],
    known_projects: Mapping[int, Project],
    at: tuple[str | int, ...],
) -> Pair | ErrorItem:
    """The project and trace of a run, or the error; a trace that belongs to one project implies the project."""
    if trace not in known_traces:
        return error(f"There is no trace {trace}.", *at, "trace")
    if project is not None:
        # The reference document runs a trace for a project that it does not belong to, so any project is accepted.
        return (
            (project, trace) if project in known_projects else error(f"There is no project {project}.", *at, "project")
        )
    of_trace = [id for id in known_traces[trace].projects if id in known_projects]
    if len(of_trace) == 1:
        return of_trace[0], trace
    if not of_trace:
        return error(f"Trace {trace} belongs to no project; give one as `project`.", *at, "trace")
    detail = f"Trace {trace} belongs to {len(of_trace)} projects ({listed(of_trace)}); give one as `project`."
    return error(detail, *at, "trace")


def listed(found: list[int]) -> str:
    """Ids for a message: at most 20 of them, and an ellipsis if there are more."""
    return ", ".join(map(str, found[:20])) + (", ..." if len(found) > 20 else "")
