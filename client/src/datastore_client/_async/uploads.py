"""Files: their upload, in parts if they are large, and their import."""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from datastore_client._async.api import AsyncApi
from datastore_client.concurrency import chunks_async, in_parallel_async, pause_async
from datastore_client.errors import DatastoreError, Failed, Problem
from datastore_client.files import recognized
from datastore_client.retries import polls

PARTS_AT_ONCE = 4
ROUNDS = 5  # in which parts are sent that have not arrived, or whose URLs have expired
ENDED = ("SUCCESS", "FAILED")


class AsyncUploads(AsyncApi):
    """The files that a client sends."""

    async def upload(
        self,
        path: str | Path,
        *,
        kind: str | None = None,
        format: str | None = None,
        columns: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        strict: bool = False,
    ) -> dict[str, Any]:
        """Load a file: send it, and wait until it is imported. Return the upload, with the counts of its rows.

        kind: projects, traces, trace_records, weather_records or tmy3; by default recognized from the file's columns.
        columns: the file's column for each of the API's names. strict: store nothing if a row is rejected.
        Raises Failed if the file could not be imported; rejected rows raise nothing.
        """
        path = Path(path)
        created = await self.create_upload(
            path, kind=kind, format=format, columns=columns, options=options, strict=strict
        )
        await self.send_upload(created, path)
        ended = await self.follow_upload(created["id"])
        if ended["status"] == "FAILED":
            raise Failed(f"The import of {path}", ended)
        return ended

    async def create_upload(
        self,
        path: Path,
        *,
        kind: str | None = None,
        format: str | None = None,
        columns: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        strict: bool = False,
    ) -> dict[str, Any]:
        """Announce a file, and return its upload, which waits for the file. The arguments are those of `upload`."""
        found = recognized(path, kind, format, columns)
        body = {
            "kind": found.kind,
            "format": found.format,
            "name": path.name,
            "size": path.stat().st_size,
            "columns": dict(columns or {}),
            "options": dict(options or {}),
            "strict": strict,
        }
        created: dict[str, Any] = await self.post("uploads/", body)
        return created

    async def get_upload(self, id: int) -> dict[str, Any]:
        """Return an upload; while it waits for its file, with URLs to send that to."""
        found: dict[str, Any] = await self.get(f"uploads/{id}/")
        return found

    async def send_upload(
        self, upload: dict[str, Any], path: Path, on_sent: Callable[[int], None] = lambda count: None
    ) -> None:
        """Send the file of an upload; of one in parts, only those that have not arrived yet.

        on_sent: called, possibly from several threads, with the number of bytes that are sent.
        """
        sent: dict[int, int] = {}
        for _ in range(ROUNDS):
            if upload["status"] != "WAITING":
                return
            parts = _parts(upload, path.stat().st_size)
            sent |= {part["number"]: part["end"] - part["start"] for part in parts if part["uploaded"]}
            on_sent(sum(sent.values()))
            jobs = [partial(self._send_part, part, path, sent, on_sent) for part in parts if not part["uploaded"]]
            try:
                await in_parallel_async(jobs, PARTS_AT_ONCE)
                if upload["parts"] is None:
                    return
                await self.post(f"uploads/{upload['id']}/complete/", {})
                return
            except Problem as problem:
                if problem.status not in (403, 409):  # 403: the URLs have expired; 409: parts are missing
                    raise
                error = problem
            upload = await self.get_upload(upload["id"])
        raise DatastoreError(f"{path} did not arrive after {ROUNDS} attempts: {error}")

    async def follow_upload(
        self, id: int, on_progress: Callable[[dict[str, Any]], None] = lambda upload: None
    ) -> dict[str, Any]:
        """Wait until the file of an upload is imported, and return the upload. `on_progress` gets it at each poll."""
        for seconds in polls():
            upload = await self.get_upload(id)
            on_progress(upload)
            if upload["status"] in ENDED:
                break
            await pause_async(seconds)
        return upload

    async def _send_part(
        self, part: dict[str, Any], path: Path, sent: dict[int, int], on_sent: Callable[[int], None]
    ) -> None:
        async def content() -> AsyncIterator[bytes]:
            sent[part["number"]] = 0
            async for chunk in chunks_async(path, part["start"], part["end"]):
                yield chunk
                sent[part["number"]] += len(chunk)
                on_sent(sum([*sent.values()]))

        await self.put_file(part["url"], content, part["end"] - part["start"])


def _parts(upload: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """Return the parts of an upload; a file that is not sent in parts is a single one."""
    whole = {"number": 1, "start": 0, "end": size, "url": upload["url"], "uploaded": False}
    return upload["parts"] or [whole]
