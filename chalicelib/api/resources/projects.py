"""projects/"""

from typing import Annotated

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MAX_ITEMS
from chalicelib.api.http.items import Items
from chalicelib.api.http.problems import raise_if_any
from chalicelib.api.rules.project_periods import PERIODS, period_errors, stored_fields, with_periods
from chalicelib.api.schemas.projects import (
    EXAMPLE_IN,
    EXAMPLE_OUT,
    ProjectChanges,
    ProjectIn,
    ProjectOut,
    ProjectQuery,
    project_out,
)
from chalicelib.api.shared.duplicates import duplicates_refused
from chalicelib.api.shared.syncing import CUT_SHORT, Synced, duplicate_errors, synced
from chalicelib.store.collections import projects
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.collections import Project

resource = Resource("projects", "project", "Buildings, and when their energy efficiency measures were installed.")
collection = CollectionEndpoints[Project](resource, ProjectOut, project_out)

DUPLICATE_ERROR = {409: "Another project already has this `project_id`."}


@collection.list(ProjectQuery, examples={"one project": Example(response=[EXAMPLE_OUT])})
def list_projects(query: ProjectQuery) -> Page[Project]:
    """List projects."""
    return projects.page(**dict(query))


@collection.create(
    ProjectIn,
    read=projects.get,
    errors=DUPLICATE_ERROR,
    examples={"a project": Example(EXAMPLE_IN, EXAMPLE_OUT)},
)
def create_project(body: ProjectIn) -> Project:
    """Create a project."""
    fields = stored_fields(body.given(), None)
    raise_if_any(period_errors(fields))
    with duplicates_refused("project"):
        return projects.create(fields)


@resource.endpoint(
    "POST",
    "/projects/sync/",
    scope=WRITE,
    body=Annotated[list[ProjectIn], Items(MAX_ITEMS)],
    returns=list[Synced],
    errors=CUT_SHORT,
    examples={"one project": Example([EXAMPLE_IN], [{"id": 1, "project_id": "BUILDING-17", "status": "created"}])},
)
def sync_projects(call: Call[list[ProjectIn], NoQuery]) -> Reply:
    """Create or update each project by its project_id, or leave it unchanged.

    Fields that an item leaves out keep their values in an existing project. The response reports what was done with
    each.
    """
    given = [item.given() for item in call.body]
    errors = duplicate_errors("project_id", given)
    existing = projects.find_many([item["project_id"] for item in given if not item.keys().isdisjoint(PERIODS)])
    items = [stored_fields(item, existing.get(item["project_id"])) for item in given]
    for index, item in enumerate(items):
        errors += period_errors(with_periods(existing.get(item["project_id"]), item), index)
    raise_if_any(errors)
    return Reply(synced("project_id", projects.sync(items)))


@collection.get(examples={"a project": Example(response=EXAMPLE_OUT)})
def get_project(id: int) -> Project | None:
    """Get a project."""
    return projects.get(id)


@collection.change(
    ProjectChanges,
    errors=DUPLICATE_ERROR,
    examples={"a new ZIP code": Example({"zipcode": "60601"}, EXAMPLE_OUT)},
)
def change_project(id: int, body: ProjectChanges) -> Project | None:
    """Change the given fields of a project; null resets a field.

    A new time zone does not change the instants that the project already has.
    """
    project = projects.get(id)
    if project is None:
        return None
    changes = stored_fields(body.given(), project)
    raise_if_any(period_errors(with_periods(project, changes)))
    with duplicates_refused("project"):
        return projects.update(id, changes)


@collection.delete()
def delete_project(id: int) -> bool:
    """Delete a project.

    Its traces are kept and no longer belong to it; its meter runs and their results are kept.
    """
    return projects.delete(id)
