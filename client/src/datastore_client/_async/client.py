"""The client of one datastore."""

from typing import Any

from datastore_client._async.exports import AsyncExports
from datastore_client._async.runs import AsyncRuns
from datastore_client._async.uploads import AsyncUploads
from datastore_client.queries import Query


class AsyncClient(AsyncUploads, AsyncRuns, AsyncExports):
    """The datastore's API. What it returns are dicts as in its OpenAPI document."""

    async def projects(self, **filters: Query) -> list[dict[str, Any]]:
        """Return projects, such as those with a `project_id`."""
        return await self.get_all("projects/", **filters)

    async def traces(self, **filters: Query) -> list[dict[str, Any]]:
        """Return traces, such as those of `projects` (ids), with a `trace_id` or of a `group`."""
        return await self.get_all("traces/", **filters)

    async def trace_groups(self, **filters: Query) -> list[dict[str, Any]]:
        """Return trace groups, such as those with a `name`."""
        return await self.get_all("trace_groups/", **filters)

    async def trace_records(self, trace: int, **filters: Query) -> list[dict[str, Any]]:
        """Return the readings of a trace, such as those from `start` until before `end`."""
        return await self.get_all("trace_records/", trace=trace, **filters)

    async def meter_runs(self, **filters: Query) -> list[dict[str, Any]]:
        """Return meter runs, such as those of a `batch` or with a `status`."""
        return await self.get_all("meter_runs/", **filters)

    async def meter_results(self, **filters: Query) -> list[dict[str, Any]]:
        """Return meter results, such as the `newest` of each trace and project."""
        return await self.get_all("meter_results/", **filters)

    async def derivatives(self, **filters: Query) -> list[dict[str, Any]]:
        """Return derivatives, such as the `newest` of each trace and project, or those of an `interpretation`."""
        return await self.get_all("derivatives/", **filters)

    async def aggregation_results(self, **filters: Query) -> list[dict[str, Any]]:
        """Return aggregation results, such as those with a `trace_interpretation`."""
        return await self.get_all("aggregation_results/", **filters)

    async def sync_projects(self, projects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Create the projects that do not exist, and change the others. Return them in the same order."""
        return [one for page in await self.post_all("projects/sync/", projects) for one in page]

    async def sync_traces(self, traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Create the traces that do not exist, and change the others. Return them in the same order."""
        return [one for page in await self.post_all("traces/sync/", traces) for one in page]

    async def add_trace_records(self, records: list[dict[str, Any]]) -> None:
        """Add readings, or replace those with the same trace and start."""
        await self.post_all("trace_records/", records)

    async def add_weather_records(self, records: list[dict[str, Any]]) -> None:
        """Add temperatures, or replace those with the same station, dataset and start."""
        await self.post_all("weather_records/", records)
