"""projects/"""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import (
    MAX_ITEMS,
    OUTPUT,
    Body,
    DateOrInstant,
    Id,
    Key,
    Metadata,
    PageQuery,
    Station,
    Timestamp,
    TimeZone,
    Zipcode,
)
from chalicelib.api.http.paging import LINK, page_of
from chalicelib.api.http.problems import DUPLICATE, ErrorItem, Problem, error, raise_if_any
from chalicelib.api.http.times import in_timezone, optional_timestamp, timestamp
from chalicelib.api.shared.syncing import CUT_SHORT, Synced, duplicate_errors, synced
from chalicelib.store.collections import projects
from chalicelib.store.shared.errors import Conflict
from chalicelib.store.tables import Project

resource = Resource("projects", "project", "Buildings, and when their energy efficiency measures were installed.")

DEFAULTS = {"timezone": "UTC", "metadata": {}}  # the meaning of null and of absence
PERIODS = ("baseline_period_start", "baseline_period_end", "reporting_period_start", "reporting_period_end")


BARE_DATE = "A date alone means midnight in the project's time zone."


class ProjectChanges(Body):
    """Some fields of a project; null resets a field."""

    project_id: Key = Field(default="", description="Your own unique id for the project.", examples=["BUILDING-17"])
    baseline_period_start: DateOrInstant | None = Field(
        default=None, description=f"The start of the data before the measure. {BARE_DATE}"
    )
    baseline_period_end: DateOrInstant | None = Field(
        default=None, description=f"When the work on the measure began. {BARE_DATE}"
    )
    reporting_period_start: DateOrInstant | None = Field(
        default=None, description=f"When the measure was completed. {BARE_DATE}"
    )
    reporting_period_end: DateOrInstant | None = Field(
        default=None, description=f"The end of the data after the measure. {BARE_DATE}"
    )
    zipcode: Zipcode | None = Field(
        default=None, description="A ZIP code of five digits, used to find the weather stations."
    )
    weather_station: Station | None = Field(
        default=None, description="USAF id of the station for the observed weather; null: matched by ZIP code."
    )
    weather_normal_station: Station | None = Field(
        default=None, description="USAF id of the station for the normal year; null: matched by ZIP code."
    )
    timezone: TimeZone | None = Field(default=None, description="IANA time zone for the daily sums; null: UTC.")
    metadata: Metadata | None = Field(default=None, description="Your own data, as a flat object; null: empty.")

    def given(self) -> dict[str, Any]:
        """The fields that were given, with null replaced by its default."""
        given = self.model_dump(exclude_unset=True)
        return {name: DEFAULTS.get(name) if value is None else value for name, value in given.items()}


class ProjectIn(ProjectChanges):
    """A project to create."""

    project_id: Key = Field(description="Your own unique id for the project.", examples=["BUILDING-17"])


@with_config(OUTPUT)
class ProjectOut(TypedDict):
    """A project."""

    id: Id
    project_id: str
    baseline_period_start: Timestamp | None
    baseline_period_end: Timestamp | None
    reporting_period_start: Timestamp | None
    reporting_period_end: Timestamp | None
    zipcode: str | None
    weather_station: str | None
    weather_normal_station: str | None
    timezone: str
    metadata: dict[str, str | int | float | bool | None]
    added: Timestamp
    updated: Timestamp


class ProjectQuery(PageQuery):
    """Filters for projects."""

    project_id: Key | None = Field(default=None, description="Your own id for a project.")
    zipcode: Zipcode | None = Field(default=None, description="The ZIP code of the projects.")


def project_out(project: Project) -> ProjectOut:
    """A project as shown in responses."""
    return {
        "id": project.id,
        "project_id": project.project_id,
        "baseline_period_start": optional_timestamp(project.baseline_period_start),
        "baseline_period_end": optional_timestamp(project.baseline_period_end),
        "reporting_period_start": optional_timestamp(project.reporting_period_start),
        "reporting_period_end": optional_timestamp(project.reporting_period_end),
        "zipcode": project.zipcode,
        "weather_station": project.weather_station,
        "weather_normal_station": project.weather_normal_station,
        "timezone": project.timezone,
        "metadata": project.metadata,
        "added": timestamp(project.added),
        "updated": timestamp(project.updated),
    }


def stored_fields(given: Mapping[str, Any], before: Project | None) -> dict[str, Any]:
    """The fields as they are stored: a period's bare date becomes midnight in the project's time zone."""
    timezone = str(given.get("timezone") or getattr(before, "timezone", DEFAULTS["timezone"]))
    instants = {name: in_timezone(given[name], timezone) for name in PERIODS if given.get(name) is not None}
    return {**given, **instants}


def period_errors(fields: Mapping[str, Any], *path: str | int) -> list[ErrorItem]:
    """An error for each start or end of a period, in the order of PERIODS, that is not after the one before it."""
    given: list[tuple[str, datetime]] = [(name, fields[name]) for name in PERIODS if fields.get(name) is not None]
    errors = []
    for (earlier, before), (later, after) in pairwise(given):
        may_be_equal = earlier == "baseline_period_end" or later == "reporting_period_start"
        if before > after or (before == after and not may_be_equal):
            detail = f"{later} should come after {earlier}; they are {timestamp(after)} and {timestamp(before)}."
            errors.append(error(detail, *path, later))
    return errors


def _with_periods(project: Project | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The periods of a project, or of a new one, after the changes."""
    return {name: changes.get(name, getattr(project, name, None)) for name in PERIODS}


EXAMPLE_IN = {
    "project_id": "BUILDING-17",
    "baseline_period_end": "2016-01-01",
    "reporting_period_start": "2016-02-01T00:00:00-06:00",
    "zipcode": "60601",
    "timezone": "America/Chicago",
    "metadata": {"program": "retrofit", "floor_area": 1800},
}
EXAMPLE_OUT = {
    "id": 1,
    "project_id": "BUILDING-17",
    "baseline_period_start": None,
    "baseline_period_end": "2016-01-01T06:00:00.000000Z",
    "reporting_period_start": "2016-02-01T06:00:00.000000Z",
    "reporting_period_end": None,
    "zipcode": "60601",
    "weather_station": None,
    "weather_normal_station": None,
    "timezone": "America/Chicago",
    "metadata": {"program": "retrofit", "floor_area": 1800},
    "added": "2016-09-28T23:57:21.454235Z",
    "updated": "2016-09-28T23:57:21.454260Z",
}
DUPLICATE_ERROR = {409: "Another project already has this `project_id`."}


def _duplicate(conflict: Conflict) -> Problem:
    detail = (
        f"Project {conflict.id} already has the project_id {conflict.value!r}; use another one, or change that project."
    )
    return Problem(DUPLICATE, detail, [error(detail, "project_id")])


@resource.endpoint(
    "GET",
    "/projects/",
    scope=READ,
    query=ProjectQuery,
    returns=list[ProjectOut],
    headers=LINK,
    examples={"one project": Example(response=[EXAMPLE_OUT])},
)
def list_projects(call: Call[None, ProjectQuery]) -> Reply:
    """List projects."""
    found = projects.page(after=call.query.after, limit=call.query.limit, **call.query.filters())
    return page_of(call, [project_out(project) for project in found.items], found.next)


@resource.endpoint(
    "POST",
    "/projects/",
    scope=WRITE,
    body=ProjectIn,
    returns=ProjectOut,
    status=201,
    headers={"Location": "The path of the project."},
    errors=DUPLICATE_ERROR,
    examples={"a project": Example(EXAMPLE_IN, EXAMPLE_OUT)},
)
def create_project(call: Call[ProjectIn, NoQuery]) -> Reply:
    """Create a project."""
    fields = stored_fields(call.body.given(), None)
    raise_if_any(period_errors(fields))
    try:
        project = projects.create(fields)
    except Conflict as conflict:
        raise _duplicate(conflict) from None
    return Reply(project_out(project), {"Location": f"/api/v1/projects/{project.id}/"})


@resource.endpoint(
    "POST",
    "/projects/sync/",
    scope=WRITE,
    body=Annotated[list[ProjectIn], Field(max_length=MAX_ITEMS)],
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
        errors += period_errors(_with_periods(existing.get(item["project_id"]), item), index)
    raise_if_any(errors)
    return Reply(synced("project_id", projects.sync(items)))


@resource.endpoint(
    "GET",
    "/projects/{id}/",
    scope=READ,
    returns=ProjectOut,
    examples={"a project": Example(response=EXAMPLE_OUT)},
)
def get_project(call: Call[None, NoQuery]) -> Reply:
    """Get a project."""
    project = projects.get(call.id)
    if project is None:
        raise call.not_found()
    return Reply(project_out(project))


@resource.endpoint(
    "PATCH",
    "/projects/{id}/",
    scope=WRITE,
    body=ProjectChanges,
    returns=ProjectOut,
    errors=DUPLICATE_ERROR,
    examples={"a new ZIP code": Example({"zipcode": "60601"}, EXAMPLE_OUT)},
)
def change_project(call: Call[ProjectChanges, NoQuery]) -> Reply:
    """Change the given fields of a project; null resets a field.

    A new time zone does not change the instants that the project already has.
    """
    project = projects.get(call.id)
    if project is None:
        raise call.not_found()
    changes = stored_fields(call.body.given(), project)
    raise_if_any(period_errors(_with_periods(project, changes)))
    try:
        changed = projects.update(project.id, changes)
    except Conflict as conflict:
        raise _duplicate(conflict) from None
    if changed is None:
        raise call.not_found()
    return Reply(project_out(changed))


@resource.endpoint(
    "DELETE",
    "/projects/{id}/",
    scope=WRITE,
    status=204,
    errors={503: "Some of its traces may no longer belong to it; the same request again deletes it."},
)
def delete_project(call: Call[None, NoQuery]) -> Reply:
    """Delete a project.

    Its traces are kept and no longer belong to it; its meter runs and their results are kept.
    """
    if not projects.delete(call.id):
        raise call.not_found()
    return Reply(None)
