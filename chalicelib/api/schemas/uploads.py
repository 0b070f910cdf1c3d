"""Uploads in requests and responses."""

from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import (
    OUTPUT,
    Body,
    Id,
    Key,
    Name,
    PageQuery,
    Several,
    Station,
    Timestamp,
    TimeZone,
    TraceInterpretation,
    Url,
)
from chalicelib.api.http.times import optional_timestamp, timestamp
from chalicelib.api.shared.data_quality import Count
from chalicelib.store.shared import documents
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import storage, uploads

Kind = Literal["projects", "traces", "trace_records", "weather_records", "tmy3"]
Format = Literal["csv", "csv.gz", "parquet", "espi"]
Status = Literal["WAITING", "PENDING", "RUNNING", "SUCCESS", "FAILED"]
ENDINGS: tuple[tuple[str, Format], ...] = ((".csv.gz", "csv.gz"), (".parquet", "parquet"), (".xml", "espi"))


class UploadOptions(Body):
    """How to read the file, where that cannot be recognized, and values for all of its rows."""

    timezone: TimeZone | None = Field(
        default=None,
        description="IANA time zone of times without an offset; null: that of the trace's projects, UTC for weather.",
    )
    date_format: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="The format of dates and times, as for strptime; %s is seconds since 1970.",
        examples=["%d/%m/%Y %H:%M"],
    )
    decimal: Literal[".", ","] | None = Field(default=None, description="The decimal sign; null: it is recognized.")
    delimiter: Literal[",", ";", "\t", "|"] | None = Field(
        default=None, description="The sign between two cells; null: it is recognized."
    )
    encoding: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        default=None, description="Such as utf-8 or latin-1; null: it is recognized.", examples=["latin-1"]
    )
    unit: Name | None = Field(default=None, description="The unit of all values, or of all traces.")
    interpretation: TraceInterpretation | None = Field(
        default=None, description="What all traces meter: full name or short code."
    )
    trace_id: Key | None = Field(default=None, description="The trace_id of the trace that all readings belong to.")
    station: Station | None = Field(default=None, description="The USAF id of the station of all temperatures.")
    dataset: Literal["observed", "normal"] | None = Field(default=None, description="The dataset of all temperatures.")


class UploadIn(Body):
    """A file that is about to be uploaded."""

    kind: Kind = Field(description="What the rows of the file are.")
    format: Format | None = Field(
        default=None,
        description="The format of the file; `espi` is Green Button. Null: by the end of `name`, otherwise `csv`.",
    )
    name: Name | None = Field(default=None, description="The name of the file, for yourself.", examples=["bills.csv"])
    size: Annotated[int, Field(ge=1, le=uploads.MAX_SIZE)] | None = Field(
        default=None,
        description=f"Its bytes. A file with more than {uploads.IN_PARTS_ABOVE:,} is sent in parts, and needs it.",
    )
    columns: Annotated[dict[Name, Name], Field(max_length=100)] = Field(
        default={}, description="For columns that are not recognized: the API's name and the name in the file."
    )
    options: UploadOptions = Field(default=UploadOptions(), description="How to read the file.")
    strict: bool = Field(default=False, description="Whether to store nothing if a single row is rejected.")

    def stored(self) -> dict[str, Any]:
        """The fields as they are stored."""
        format: Format | None = self.format or next(
            (format for ending, format in ENDINGS if (self.name or "").lower().endswith(ending)), "csv"
        )
        return {
            "kind": self.kind,
            "format": format,
            "name": self.name,
            "size": self.size,
            "columns": self.columns,
            "options": self.options.model_dump(exclude_none=True),
            "strict": self.strict,
        }


@with_config(OUTPUT)
class PartOut(TypedDict):
    """A part of the file: its bytes from `start` to before `end`, to be sent by PUT to `url`."""

    number: Annotated[int, Field(ge=1)]
    start: Count
    end: Count
    url: Url
    uploaded: Annotated[bool, Field(description="Whether it has arrived.")]


@with_config(OUTPUT)
class WarningOut(TypedDict):
    """Something to know about a row that was stored."""

    line: Annotated[int, Field(ge=1)]
    detail: str


@with_config(OUTPUT)
class UploadOut(TypedDict):
    """An uploaded file and its import."""

    id: Id
    kind: Kind
    format: Format
    name: str | None
    size: Annotated[int | None, Field(description="Bytes; null until it is known.")]
    columns: dict[str, str]
    options: dict[str, Any]
    strict: bool
    status: Annotated[
        Status,
        Field(
            description="WAITING for the file, PENDING, RUNNING; SUCCESS, even if rows were rejected; FAILED: the file "
            "cannot be read, or the upload is strict and a row was rejected."
        ),
    ]
    failure_message: str | None
    url: Annotated[
        Url | None, Field(description="Where to send the file by PUT, without a token, while the upload is WAITING.")
    ]
    parts: Annotated[
        list[PartOut] | None, Field(description="The parts in which to send a large file, while they are awaited.")
    ]
    progress: Annotated[float, Field(ge=0, le=1, description="The share of the import that is done.")]
    rows: Annotated[Count, Field(description="The rows, or readings, that were read.")]
    created: Count
    updated: Count
    unchanged: Annotated[Count, Field(description="Those that were stored already as they are.")]
    rejected: Count
    rejected_rows: Annotated[
        Url | None, Field(description="A CSV file with each rejected row: its line, column, value and the reason.")
    ]
    warnings: Annotated[list[WarningOut], Field(description="The first warnings, such as gaps between bills.")]
    added: Timestamp
    ended: Annotated[Timestamp | None, Field(description="When the import ended.")]


def upload_out(upload: Upload) -> UploadOut:
    """An upload as shown in responses."""
    counts, progress = uploads.progress(upload)
    is_waiting = upload.status == uploads.WAITING
    return {
        "id": upload.id,
        "kind": upload.kind,  # type: ignore[typeddict-item]
        "format": upload.format,  # type: ignore[typeddict-item]
        "name": upload.name,
        "size": upload.size,
        "columns": upload.columns,
        "options": upload.options,
        "strict": upload.strict,
        "status": upload.status,  # type: ignore[typeddict-item]
        "failure_message": upload.failure_message,
        "url": storage.put_url(upload) if is_waiting and upload.multipart is None else None,
        "parts": _parts(upload) if is_waiting and upload.multipart is not None else None,
        "progress": round(progress, 4),
        "rows": counts.rows,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
        "rejected_rows": documents.url(upload.rejected_rows) if upload.rejected_rows else None,
        "warnings": upload.warnings,
        "added": timestamp(upload.added),
        "ended": optional_timestamp(upload.ended),
    }


def _parts(upload: Upload) -> list[PartOut] | None:
    received = storage.received_parts(upload)
    return (
        None
        if received is None
        else [
            {
                "number": part.number,
                "start": part.start,
                "end": part.end,
                "url": storage.part_url(upload, part.number),
                "uploaded": received.get(part.number, {}).get("Size") == part.end - part.start,
            }
            for part in uploads.parts_of(upload)
        ]
    )


class UploadQuery(PageQuery):
    """Filters for uploads."""

    kind: Annotated[list[Kind], *Several] = Field(default=[], description="Kinds; several are separated by commas.")
    status: Annotated[list[Status], *Several] = Field(
        default=[], description="Statuses; several are separated by commas."
    )


EXAMPLE_IN = {"kind": "trace_records", "name": "bills.csv", "size": 48_211}
EXAMPLE_OUT = {
    "id": 1,
    "kind": "trace_records",
    "format": "csv",
    "name": "bills.csv",
    "size": 48_211,
    "columns": {},
    "options": {},
    "strict": False,
    "status": "WAITING",
    "failure_message": None,
    "url": "https://example.s3.amazonaws.com/uploads/1-8d0c47a5/file?X-Amz-Signature=...",
    "parts": None,
    "progress": 0.0,
    "rows": 0,
    "created": 0,
    "updated": 0,
    "unchanged": 0,
    "rejected": 0,
    "rejected_rows": None,
    "warnings": [],
    "added": "2016-09-28T23:57:21.454235Z",
    "ended": None,
}
ENDED_EXAMPLE = EXAMPLE_OUT | {
    "status": "SUCCESS",
    "url": None,
    "progress": 1.0,
    "rows": 1_204,
    "created": 1_190,
    "updated": 4,
    "unchanged": 8,
    "rejected": 2,
    "rejected_rows": "https://example.s3.amazonaws.com/uploads/1-8d0c47a5/rejected.csv?X-Amz-Signature=...",
    "warnings": [{"line": 17, "detail": "No bill covers 2016-04-24 to 2016-05-25."}],
    "ended": "2016-09-28T23:57:40.112873Z",
}
