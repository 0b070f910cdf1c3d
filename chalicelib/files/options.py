"""What the client says about its file, and the error if the file cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["projects", "traces", "trace_records", "weather_records"]
Format = Literal["csv", "parquet", "espi"]


class FileError(Exception):
    """The file as a whole cannot be read. The message is for the client: what is wrong, where, and how to fix it."""


@dataclass(frozen=True)
class Options:
    """The options of an upload.

    format: of the decompressed bytes. columns: {API name: column of the file}, which wins over recognized names.
    timezone: IANA name, of times without an offset. date_format: as for strptime, of all dates and times; "%s" is
    seconds since 1970. decimal: "." or ",". unit: of all values. trace_id, station, dataset: of all rows.
    interpretation: of all traces.
    """

    kind: Kind
    format: Format = "csv"
    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    date_format: str | None = None
    decimal: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    unit: str | None = None
    interpretation: str | None = None
    trace_id: str | None = None
    station: str | None = None
    dataset: str | None = None
