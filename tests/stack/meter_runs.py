"""Requests for meter runs."""

from typing import Any, NamedTuple

from tests.stack.client import Api
from tests.stack.names import unique


def bare_trace(api: Api, *projects: int) -> int:
    """Create a trace without records, whose runs fail immediately."""
    body = {"trace_id": unique(), "interpretation": "NG_C_S", "unit": "therm", "projects": projects}
    return int(api.post("traces/", body)["id"])


def ids(items: list[dict[str, Any]]) -> list[int]:
    return [item["id"] for item in items]


def bulk(api: Api, *targets: dict[str, int]) -> tuple[int, list[int]]:
    """Post a bulk request, and return the ids of its batch and runs."""
    response = api.call("POST", "meter_runs/bulk/", json={"targets": targets})
    assert response.status_code == 201, response.text
    batch = int(response.headers["Location"].rstrip("/").rpartition("/")[2])
    return batch, [run["id"] for group in response.json() for run in group]


class Runs(NamedTuple):
    """The runs of a bulk request: one trace for its own project and for another one, and a failed run."""

    batch: int
    own: dict[str, Any]
    other: dict[str, Any]
    failed: dict[str, Any]


def writable(project: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in project.items() if name not in ("id", "added", "updated")}
