"""The user's own names of projects and traces, for tables."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from datastore_client._sync.client import Client
from datastore_client.concurrency import in_parallel

AT_ONCE = 8  # requests


class Names:
    """The project_id and trace_id of all projects and traces that some rows name."""

    def __init__(self, client: Client, rows: Iterable[dict[str, Any]]) -> None:
        rows = list(rows)
        self._projects = _names(client, "projects", "project_id", {row["project"] for row in rows})
        self._traces = _names(client, "traces", "trace_id", {row["trace"] for row in rows})

    def of(self, row: dict[str, Any]) -> tuple[str, str]:
        """Return the project_id and trace_id of a row with the ids of its project and trace."""
        return self._projects.get(row["project"], ""), self._traces.get(row["trace"], "")


def _names(client: Client, resource: str, key: str, wanted: set[int | None]) -> dict[int | None, str]:
    known = sorted(id for id in wanted if id is not None)
    found = in_parallel([partial(client.get, f"{resource}/{id}/") for id in known], AT_ONCE)
    return {one["id"]: one[key] for one in found}
