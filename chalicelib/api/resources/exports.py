"""exports/"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import OUTPUT, Body, Id, PageQuery, Several, Timestamp, Url
from chalicelib.api.http.times import timestamp
from chalicelib.api.http.urls import base_path
from chalicelib.api.rules.export_filters import checked_filters
from chalicelib.api.schemas.exports import FILTERS_OF, ExportFilters, Format
from chalicelib.store.exports import exports, segments
from chalicelib.store.exports.columns import Kind
from chalicelib.store.shared import documents
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.exports import Export

DESCRIPTION = """\
Flat tables as files, for spreadsheets, statistics programs and Amazon Athena. The file of `savings` has one row per
project, trace and derivative, with the project's metadata, the fit of both models, the savings and their interval. All
columns are in docs/exports.md; new ones are only added at the end.

A CSV export is one file, in UTF-8 with a byte order mark, so that Excel shows it correctly; a Parquet export is one or
more files. Files are deleted after 30 days.
"""
resource = Resource("exports", "export", DESCRIPTION)

Status = Literal["PENDING", "RUNNING", "SUCCESS", "FAILED"]
Size = Annotated[int, Field(ge=0, description="In bytes.")]
Rows = Annotated[int, Field(ge=0, description="Rows, without the header.")]


class ExportIn(Body):
    """An export to write."""

    kind: Kind = Field(description="What a row is about.")
    format: Format = Field(default="csv", description="The format of the files.")
    filters: ExportFilters = Field(
        default_factory=ExportFilters,
        description="What to export; everything by default. Each kind has the filters of its list: "
        + "; ".join(f"{kind}: {', '.join(f'`{name}`' for name in names)}" for kind, names in FILTERS_OF.items())
        + ".",
    )


@with_config(OUTPUT)
class ExportFile(TypedDict):
    """A file of an export."""

    name: str
    rows: Rows
    size: Size
    url: Annotated[Url, Field(description="A presigned URL (GET it without a token), valid for up to 12 hours.")]


@with_config(OUTPUT)
class ExportOut(TypedDict):
    """An export."""

    id: Id
    kind: Kind
    format: Format
    filters: Annotated[dict[str, Any], Field(description="The filters that were given, with full names.")]
    status: Status
    failure_message: Annotated[str | None, Field(description="Why it is FAILED, and what to do.")]
    progress: Annotated[float, Field(ge=0, le=1, description="The fraction that is done.")]
    rows: Rows
    size: Size
    files: Annotated[
        list[ExportFile], Field(description="Once it is SUCCESS: one file for CSV, one or more for Parquet.")
    ]
    added: Timestamp
    updated: Timestamp


class ExportQuery(PageQuery):
    """Filters for exports."""

    kind: Annotated[list[Kind], *Several] = Field(default=[], description="Kinds; several are separated by commas.")
    status: Annotated[list[Status], *Several] = Field(
        default=[], description="Statuses; several are separated by commas."
    )


def export_out(export: Export) -> ExportOut:
    """An export as shown in responses."""
    has_succeeded = export.status == "SUCCESS"
    return {
        "id": export.id,
        "kind": export.kind,  # type: ignore[typeddict-item]
        "format": export.format,  # type: ignore[typeddict-item]
        "filters": export.filters,
        "status": export.status,  # type: ignore[typeddict-item]
        "failure_message": export.failure_message,
        "progress": 1.0 if has_succeeded else round(export.cursor / export.total, 4) if export.total else 0.0,
        "rows": export.rows,
        "size": export.size,
        "files": [_file_out(file) for file in segments.files(export)] if has_succeeded else [],
        "added": timestamp(export.added),
        "updated": timestamp(export.updated),
    }


def _file_out(file: segments.File) -> ExportFile:
    return {
        "name": file.key.rpartition("/")[2],
        "rows": file.rows,
        "size": file.size,
        "url": documents.url(file.key),
    }


EXAMPLE = {
    "id": 1,
    "kind": "savings",
    "format": "csv",
    "filters": {"group": 1},
    "status": "SUCCESS",
    "failure_message": None,
    "progress": 1.0,
    "rows": 1200,
    "size": 713004,
    "files": [
        {
            "name": "savings-1.csv",
            "rows": 1200,
            "size": 713004,
            "url": "https://example.s3.amazonaws.com/exports/savings/csv/export%3D1/savings-1.csv?X-Amz-Signature=0123",
        }
    ],
    "added": "2016-09-29T00:03:00.152522Z",
    "updated": "2016-09-29T00:03:11.802114Z",
}
ACCEPTED_EXAMPLE = EXAMPLE | {
    "status": "PENDING",
    "progress": 0.0,
    "rows": 0,
    "size": 0,
    "files": [],
    "updated": "2016-09-29T00:03:00.152522Z",
}

collection = CollectionEndpoints[Export](resource, ExportOut, export_out)


def _accepted(call: Call[Any, Any], export: Export) -> Reply:
    return Reply(export_out(export), {"Location": f"{base_path(call.request)}/exports/{export.id}/"})


def _repeated(call: Call[ExportIn, NoQuery], recorded: Mapping[str, Any]) -> Reply | None:
    export = exports.get(recorded["id"])
    return None if export is None else _accepted(call, export)


@resource.endpoint(
    "POST",
    "/exports/",
    scope=WRITE,
    body=ExportIn,
    returns=ExportOut,
    status=202,
    headers={"Location": "The path of the export."},
    examples={
        "the savings of a trace group": Example({"kind": "savings", "filters": {"group": 1}}, ACCEPTED_EXAMPLE),
        "everything that a batch found": Example(
            {"kind": "derivatives", "format": "parquet", "filters": {"batch": [1]}}
        ),
        "the readings of a year": Example(
            {
                "kind": "trace_records",
                "filters": {"trace": [2], "start": "2015-01-01T00:00:00Z", "end": "2016-01-01T00:00:00Z"},
            }
        ),
    },
    repeat=_repeated,
)
def create_export(call: Call[ExportIn, NoQuery]) -> Reply:
    """Export what is stored as a file.

    The file is written after the response. What it goes through is chosen at the start: runs that end after that are
    not in it. An export of `savings` has, by default, the newest successful run of each trace and project, and the last
    run that ended if that one FAILED; with `batch`, all runs of the batches, and with `newest` false all runs.
    """
    body = call.body
    filters, group_filter = checked_filters(body.kind, body.filters)
    return _accepted(call, exports.create(body.kind, body.format, filters, group_filter))


@collection.list(ExportQuery, examples={"one export": Example(response=[EXAMPLE])})
def list_exports(query: ExportQuery) -> Page[Export]:
    """List exports."""
    return exports.page(**dict(query))


@collection.get(examples={"an export": Example(response=EXAMPLE)})
def get_export(id: int) -> Export | None:
    """Get an export."""
    return exports.get(id)


@collection.delete()
def delete_export(id: int) -> bool:
    """Delete an export with its files; one that has not ended is cancelled."""
    return exports.delete(id)
