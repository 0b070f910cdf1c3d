"""Resolve the projects, traces and groups of a request to the (project, trace) pairs to run."""

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from chalicelib.api.http.alternatives import ID, NULL, any_of
from chalicelib.api.http.fields import Body, Id
from chalicelib.api.http.problems import ErrorItem, error, invalid, raise_if_any
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.tables.collections import Project, Trace


class Target(Body):
    """What to run: all traces of a project, a trace, a trace for one project, or a trace group."""

    model_config = ConfigDict(
        json_schema_extra=any_of(
            {"trace": ID, "group": NULL}, {"project": ID, "group": NULL}, {"group": ID, "project": NULL, "trace": NULL}
        )
    )

    project: Id | None = Field(default=None, description="The id of the project.")
    trace: Id | None = Field(default=None, description="The id of the trace.")
    group: Id | None = Field(
        default=None,
        description="The id of a trace group, instead of project and trace. Each trace of the group is run for each of "
        "the trace's projects with which it matches the filter.",
    )


def single_pair(project: int | None, trace: int | None) -> tuple[int, int]:
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


def pairs_of(targets: list[Target]) -> list[list[tuple[int, int]]]:
    """Resolve each target to its (project, trace) pairs. Raises the 400 Problem."""
    known_traces, known_projects = _known(
        {target.trace for target in targets if target.trace is not None},
        {target.project for target in targets if target.project is not None},
    )
    whole_projects = {target.project for target in targets if target.trace is None and target.project in known_projects}
    members = traces.of_projects(id for id in whole_projects if id is not None) if whole_projects else {}
    of_group = _pairs_of_groups({target.group for target in targets if target.group is not None})
    groups: list[list[tuple[int, int]]] = []
    errors: list[ErrorItem] = []
    for index, target in enumerate(targets):
        at = ("targets", index)
        if target.group is not None:
            extra = [name for name in ("project", "trace") if getattr(target, name) is not None]
            errors += [error(f"The target has both a group and a {name}; give only one.", *at, name) for name in extra]
            if target.group in of_group:
                groups.append(of_group[target.group])
            else:
                errors.append(error(f"There is no trace group {target.group}.", *at, "group"))
        elif target.trace is not None:
            found = _pair(target.project, target.trace, known_traces, known_projects, at)
            if isinstance(found, dict):
                errors.append(found)
            else:
                groups.append([found])
        elif target.project is None:
            errors.append(error("The target is empty; give a project, a trace, both of these, or a group.", *at))
        elif target.project not in known_projects:
            errors.append(error(f"There is no project {target.project}.", *at, "project"))
        else:
            groups.append([(target.project, trace.id) for trace in members.get(target.project, [])])
    raise_if_any(errors)
    return groups


def _pairs_of_groups(group_ids: set[int]) -> dict[int, list[tuple[int, int]]]:
    """The (project, trace) pairs of each group that exists, without traces that have no project and cannot be run."""
    groups = trace_groups.get_many(group_ids) if group_ids else {}
    members = trace_groups.members_of(list(groups.values()))
    return {id: [(project, trace) for project, trace in found if project is not None] for id, found in members.items()}


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
) -> tuple[int, int] | ErrorItem:
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
