"""Projects in requests and responses."""

from typing import Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import (
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
from chalicelib.api.http.times import optional_timestamp, timestamp
from chalicelib.store.tables.collections import Project

DEFAULTS = {"timezone": "UTC", "metadata": {}}  # the meaning of null and of absence
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
