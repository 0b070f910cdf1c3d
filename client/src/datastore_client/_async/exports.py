"""Tables of results as files."""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datastore_client._async.api import AsyncApi
from datastore_client.concurrency import pause_async
from datastore_client.errors import Failed
from datastore_client.queries import filters_of_export
from datastore_client.retries import polls

TEXTS = ("project_id", "trace_id", "zipcode", "weather_station", "weather_normal_station")  # not numbers
ESCAPED = r"^'([=+\-@\t\r])"  # what the datastore writes so that a spreadsheet takes no text for a formula

if TYPE_CHECKING:
    import pandas as pd


class AsyncExports(AsyncApi):
    """The files that a client receives."""

    async def export(
        self, kind: str, path: str | Path, *, format: str = "csv", filters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Write a table to a file: savings, meter_results, derivatives, aggregation_results or trace_records.

        format: csv or parquet. filters: those of the list of the same name. Return the export.
        If there are several parquet files, `path` becomes a directory of them.
        """
        created = await self.create_export(kind, format=format, filters=filters)
        ended = await self.follow_export(created["id"])
        await self.save_export(ended, Path(path))
        return ended

    async def create_export(
        self, kind: str, *, format: str = "csv", filters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Ask for an export and return it at once."""
        body = {"kind": kind, "format": format, "filters": filters_of_export(filters or {})}
        created: dict[str, Any] = await self.post("exports/", body)
        return created

    async def follow_export(
        self,
        id: int,
        on_progress: Callable[[dict[str, Any]], None] = lambda export: None,
        poll: float | None = None,
    ) -> dict[str, Any]:
        """Wait until an export is complete, and return it. Raises Failed.

        on_progress: gets it at each poll. poll: seconds between polls, by default more and more.
        """
        for seconds in polls(poll):
            export: dict[str, Any] = await self.get(f"exports/{id}/")
            on_progress(export)
            if export["status"] == "FAILED":
                raise Failed(f"Export {id}", export)
            if export["status"] == "SUCCESS":
                break
            await pause_async(seconds)
        return export

    async def save_export(
        self, export: dict[str, Any], path: Path, on_received: Callable[[int], None] = lambda count: None
    ) -> list[Path]:
        """Download the files of a complete export. Return their paths: `path` itself if there is one, or those in it.

        on_received: called with the number of bytes that have arrived so far.
        """
        files = export["files"]
        if len(files) == 1:
            await self.download(files[0]["url"], path, on_received)
            return [path]
        path.mkdir(exist_ok=True)
        saved, before = [], 0
        for file in files:
            saved.append(path / Path(file["name"]).name)
            await self.download(file["url"], saved[-1], partial(_report, on_received, before))
            before += file["size"]
        return saved

    async def dataframe(self, kind: str, **filters: Any) -> "pd.DataFrame":
        """Return a table as a pandas DataFrame (needs pandas): the kinds and filters of `export`."""
        import pandas as pd

        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / f"{kind}.csv"
            await self.export(kind, path, filters=filters)
            read = pd.read_csv(path, float_precision="round_trip", dtype=dict.fromkeys(TEXTS, str), low_memory=False)
        texts = read.select_dtypes("object").columns
        read[texts] = read[texts].replace(ESCAPED, r"\1", regex=True)
        return read

    async def savings(self, **filters: Any) -> "pd.DataFrame":
        """Return the savings of each meter as a pandas DataFrame (needs pandas). The filters are those of `export`."""
        return await self.dataframe("savings", **filters)


def _report(on_received: Callable[[int], None], before: int, count: int) -> None:
    on_received(before + count)
