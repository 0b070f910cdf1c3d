"""Requests for projects."""

from collections.abc import Callable
from typing import Any

from tests.stack.client import Api
from tests.stack.names import unique

FULL = {
    "baseline_period_start": "2014-01-01T00:00:00-06:00",
    "baseline_period_end": "2016-01-01T00:00:00-06:00",
    "reporting_period_start": "2016-02-01T00:00:00.5+05:30",
    "reporting_period_end": "2017-02-01T00:00:00Z",
    "zipcode": "60601",
    "weather_station": "725300",
    "weather_normal_station": "725340",
    "timezone": "America/Chicago",
    "metadata": {"program": "retrofit", "area": 1800, "share": 0.25, "done": True, "note": None},
}
SHOWN = FULL | {
    "baseline_period_start": "2014-01-01T06:00:00.000000Z",
    "baseline_period_end": "2016-01-01T06:00:00.000000Z",
    "reporting_period_start": "2016-01-31T18:30:00.500000Z",
    "reporting_period_end": "2017-02-01T00:00:00.000000Z",
}
EMPTY = dict.fromkeys(FULL) | {"timezone": "UTC", "metadata": {}}

Project = Callable[[], int]  # creates a project and returns its id


def make_project(api: Api) -> int:
    """The id of a new project."""
    return int(create(api)["id"])


def create(api: Api, **fields: Any) -> dict[str, Any]:
    project: dict[str, Any] = api.post("projects/", {"project_id": unique(), **fields})
    return project


def fields_of(project: dict[str, Any]) -> dict[str, Any]:
    return {name: project[name] for name in FULL}


def found(api: Api, project_id: str) -> list[dict[str, Any]]:
    projects: list[dict[str, Any]] = api.get("projects/", project_id=project_id)
    return projects


def sync(api: Api, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = api.post("projects/sync/", items, status=200)
    return done
