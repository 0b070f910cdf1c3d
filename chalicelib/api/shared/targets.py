"""From the projects and traces that a client names to the pairs to run."""

from collections.abc import Mapping

from pydantic import Field

from chalicelib.api.http.fields import Body, Id
from chalicelib.api.http.problems import ErrorItem, error, invalid, refuse_any
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.tables import Project, Trace


class Target(Body):
    """A project, all of whose traces are run; a trace; a trace for one project; or a trace group."""

    project: Id | None = Field(default=None, description="The project.")
    trace: Id | None = Field(default=None, description="The trace.")
    group: Id | None = Field(
        default=None,
        description="The trace group, in place of project and trace: each of its traces is run for each of its "
        "projects with which it fits.",
    )


def single(project: int | None, trace: int | None) -> tuple[int, int]:
    """The project and trace of a single run. Raises the 400 Problem."""
    if trace is None:
        if project is None:
            raise invalid(error("A run needs a trace, a project or a meter_input.", "trace"))
        return project, _only_trace(project)
    known, owners = _known({trace}, {project} if project else set())
    found = _pair(project, trace, known, owners, ())
    if isinstance(found, dict):
        raise invalid(found)
    return found


def _only_trace(project: int) -> int:
    if projects.get(project) is None:
        raise invalid(error(f"There is no project {project}.", "project"))
    of_project = [trace.id for trace in traces.of_projects([project]).get(project, [])]
    if not of_project:
        raise invalid(error(f"Project {project} has no trace; give one as `trace`.", "project"))
    if len(of_project) > 1:
        detail = (
            f"Project {project} has {len(of_project)} traces ({_listed(of_project)}); name one as `trace`, or run them "
            "all by posting the project as a target to meter_runs/bulk/."
        )
        raise invalid(error(detail, "project"))
    return of_project[0]


def pairs_of(targets: list[Target]) -> list[list[tuple[int, int]]]:
    """The (project, trace) pairs of each target. Raises the 400 Problem."""
    known, owners = _known(
        {target.trace for target in targets if target.trace is not None},
        {target.project for target in targets if target.project is not None},
    )
    whole = {target.project for target in targets if target.trace is None and target.project in owners}
    members = traces.of_projects(id for id in whole if id is not None) if whole else {}
    of_group = _pairs_of_groups({target.group for target in targets if target.group is not None})
    groups: list[list[tuple[int, int]]] = []
    errors: list[ErrorItem] = []
    for index, target in enumerate(targets):
        at = ("targets", index)
        if target.group is not None:
            beside = [name for name in ("project", "trace") if getattr(target, name) is not None]
            errors += [error(f"A target has either a group or a {name}.", *at, name) for name in beside]
            if target.group in of_group:
                groups.append(of_group[target.group])
            else:
                errors.append(error(f"There is no trace group {target.group}.", *at, "group"))
        elif target.trace is not None:
            found = _pair(target.project, target.trace, known, owners, at)
            if isinstance(found, dict):
                errors.append(found)
            else:
                groups.append([found])
        elif target.project is None:
            errors.append(error("A target needs a project, a trace or both, or a group.", *at))
        elif target.project not in owners:
            errors.append(error(f"There is no project {target.project}.", *at, "project"))
        else:
            groups.append([(target.project, trace.id) for trace in members.get(target.project, [])])
    refuse_any(errors)
    return groups


def _pairs_of_groups(group_ids: set[int]) -> dict[int, list[tuple[int, int]]]:
    """The (project, trace) pairs of each group that exists; a trace of no project cannot be run and is left out."""
    known = trace_groups.get_many(group_ids) if group_ids else {}
    members = trace_groups.members_of(list(known.values()))
    return {id: [(project, trace) for project, trace in found if project is not None] for id, found in members.items()}


def _known(trace_ids: set[int], project_ids: set[int]) -> tuple[dict[int, Trace], dict[int, Project]]:
    """The traces asked for, and the projects asked for or implied, that exist."""
    known = traces.get_many(trace_ids) if trace_ids else {}
    wanted = project_ids | {project for trace in known.values() for project in trace.projects}
    return known, projects.get_many(wanted) if wanted else {}


def _pair(
    project: int | None,
    trace: int,
    known: Mapping[int, Trace],
    owners: Mapping[int, Project],
    at: tuple[str | int, ...],
) -> tuple[int, int] | ErrorItem:
    """The project and trace of a run, the project implied where the trace has one; or what is wrong with them."""
    if trace not in known:
        return error(f"There is no trace {trace}.", *at, "trace")
    if project is not None:
        # The reference document runs a trace for a project that it does not belong to, so any project is taken.
        return (project, trace) if project in owners else error(f"There is no project {project}.", *at, "project")
    of_trace = [id for id in known[trace].projects if id in owners]
    if len(of_trace) == 1:
        return of_trace[0], trace
    if not of_trace:
        return error(f"Trace {trace} belongs to no project; name one as `project`.", *at, "trace")
    detail = f"Trace {trace} belongs to {len(of_trace)} projects ({_listed(of_trace)}); name one as `project`."
    return error(detail, *at, "trace")


def _listed(found: list[int]) -> str:
    return ", ".join(map(str, found[:20])) + (", ..." if len(found) > 20 else "")
