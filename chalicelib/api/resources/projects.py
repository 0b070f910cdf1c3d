"""projects/"""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import (
    MOST_ITEMS,
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
from chalicelib.api.http.problems import DUPLICATE, ErrorItem, Problem, error, refuse_any
from chalicelib.api.http.times import in_timezone, optional_timestamp, timestamp
from chalicelib.api.shared.syncing import Synced, repeated, synced
from chalicelib.store.collections import projects
from chalicelib.store.shared.errors import Conflict
from chalicelib.store.tables import Project

resource = Resource("projects", "project", "Buildings, and when their energy efficiency measures went in.")

DEFAULTS = {"timezone": "UTC", "metadata": {}}  # what null and absence stand for
PERIODS = ("baseline_period_start", "baseline_period_end", "reporting_period_start", "reporting_period_end")


BARE_DATE = "A date alone is midnight in the project's time zone."


class ProjectChanges(Body):
    """Some fields of a project; null resets a field."""

    project_id: Key = Field(default="", description="Your own id of the project, unique.", examples=["BUILDING-17"])
    baseline_period_start: DateOrInstant | None = Field(
        default=None, description=f"Where the data before the measure begin. {BARE_DATE}"
    )
    baseline_period_end: DateOrInstant | None = Field(
        default=None, description=f"When the work on the measure began. {BARE_DATE}"
    )
    reporting_period_start: DateOrInstant | None = Field(
        default=None, description=f"When the measure was in. {BARE_DATE}"
    )
    reporting_period_end: DateOrInstant | None = Field(
        default=None, description=f"Where the data after the measure end. {BARE_DATE}"
    )
    zipcode: Zipcode | None = Field(
        default=None, description="A ZIP code of five digits; it finds the weather stations."
    )
    weather_station: Station | None = Field(
        default=None, description="USAF id of the station of the observed weather; null: matched from the ZIP code."
    )
    weather_normal_station: Station | None = Field(
        default=None, description="USAF id of the station of the normal year; null: matched from the ZIP code."
    )
    timezone: TimeZone | None = Field(default=None, description="IANA time zone of the daily sums; null: UTC.")
    metadata: Metadata | None = Field(default=None, description="A flat object of your own; null: empty.")

    def given(self) -> dict[str, Any]:
        """The fields that were given, null replaced by what it stands for."""
        given = self.model_dump(exclude_unset=True)
        return {name: DEFAULTS.get(name) if value is None else value for name, value in given.items()}


class ProjectIn(ProjectChanges):
    """A project to create."""

    project_id: Key = Field(description="Your own id of the project, unique.", examples=["BUILDING-17"])


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
    """The filters of projects."""

    project_id: Key | None = Field(default=None, description="Your own id of a project.")
    zipcode: Zipcode | None = Field(default=None, description="The ZIP code of projects.")


def project_out(project: Project) -> ProjectOut:
    """A project as a response shows it."""
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


def kept(given: Mapping[str, Any], before: Project | None) -> dict[str, Any]:
    """The fields as the store keeps them: a period's bare date is midnight in the time zone of the project."""
    timezone = str(given.get("timezone") or getattr(before, "timezone", DEFAULTS["timezone"]))
    instants = {name: in_timezone(given[name], timezone) for name in PERIODS if given.get(name) is not None}
    return {**given, **instants}


def period_errors(fields: Mapping[str, Any], *path: str | int) -> list[ErrorItem]:
    """The periods that are out of order: each that is given starts, ends and follows the others in time."""
    given: list[tuple[str, datetime]] = [(name, fields[name]) for name in PERIODS if fields.get(name) is not None]
    errors = []
    for (earlier, before), (later, after) in pairwise(given):
        touching = earlier == "baseline_period_end" or later == "reporting_period_start"
        if before > after or (before == after and not touching):
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
TAKEN = {409: "Another project has this `project_id`."}


def _taken(conflict: Conflict) -> Problem:
    detail = f"Project {conflict.id} has the project_id {conflict.value!r} already."
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
    errors=TAKEN,
    examples={"a project": Example(EXAMPLE_IN, EXAMPLE_OUT)},
)
def create_project(call: Call[ProjectIn, NoQuery]) -> Reply:
    """Create a project."""
    fields = kept(call.body.given(), None)
    refuse_any(period_errors(fields))
    try:
        project = projects.create(fields)
    except Conflict as conflict:
        raise _taken(conflict) from None
    return Reply(project_out(project), {"Location": f"/api/v1/projects/{project.id}/"})


@resource.endpoint(
    "POST",
    "/projects/sync/",
    scope=WRITE,
    body=Annotated[list[ProjectIn], Field(max_length=MOST_ITEMS)],
    returns=list[Synced],
    examples={"one project": Example([EXAMPLE_IN], [{"id": 1, "project_id": "BUILDING-17", "status": "created"}])},
)
def sync_projects(call: Call[list[ProjectIn], NoQuery]) -> Reply:
    """Create, update or leave each project by its project_id.

    In an existing project a field that an item leaves out stays as it is. The response says what was done with each.
    """
    given = [item.given() for item in call.body]
    errors = repeated("project_id", given)
    existing = projects.find_many([item["project_id"] for item in given if not item.keys().isdisjoint(PERIODS)])
    items = [kept(item, existing.get(item["project_id"])) for item in given]
    for index, item in enumerate(items):
        errors += period_errors(_with_periods(existing.get(item["project_id"]), item), index)
    refuse_any(errors)
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
    errors=TAKEN,
    examples={"a new ZIP code": Example({"zipcode": "60601"}, EXAMPLE_OUT)},
)
def change_project(call: Call[ProjectChanges, NoQuery]) -> Reply:
    """Change the fields of a project that are given; null resets a field.

    Another time zone leaves the instants that the project has as they are.
    """
    project = projects.get(call.id)
    if project is None:
        raise call.not_found()
    changes = kept(call.body.given(), project)
    refuse_any(period_errors(_with_periods(project, changes)))
    try:
        changed = projects.update(project.id, changes)
    except Conflict as conflict:
        raise _taken(conflict) from None
    if changed is None:
        raise call.not_found()
    return Reply(project_out(changed))


@resource.endpoint("DELETE", "/projects/{id}/", scope=WRITE, status=204)
def delete_project(call: Call[None, NoQuery]) -> Reply:
    """Delete a project.

    Its traces stay and no longer belong to it; its meter runs and their results stay.
    """
    if not projects.delete(call.id):
        raise call.not_found()
    return Reply(None)
