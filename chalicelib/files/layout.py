"""The layout of a file: its encoding, its columns and how its dates and numbers are written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.files.dates import Order
from chalicelib.files.numbers import Decimal
from chalicelib.files.options import Format, Kind


@dataclass(frozen=True)
class Layout:
    """How to read the rows of a file; the same for all its parts.

    names: of all columns. columns: {API name: position}; also `time` and `end_time`, if they are apart from the dates.
    intervals: the positions of the columns of a day's intervals, from midnight on, each of `minutes`; empty: one row
    per reading. hour_ending: whether `time` has the hours 1 to 24. header_bytes: the offset of the first row;
    header_lines: the lines before it. The others are as in Options.
    """

    kind: Kind
    format: Format
    names: tuple[str, ...]
    columns: Mapping[str, int]
    intervals: tuple[int, ...] = ()
    minutes: int = 0
    order: Order = "ymd"
    date_format: str | None = None
    hour_ending: bool = False
    decimal: Decimal = "."
    delimiter: str = ","
    encoding: str = "utf-8"
    header_bytes: int = 0
    header_lines: int = 0
    unit: str | None = None
    timezone: str | None = None
    trace_id: str | None = None
    station: str | None = None
    dataset: str | None = None
    interpretation: str | None = None

    @property
    def readings_per_row(self) -> int:
        """How many readings a row has: more than 1 in a table with a column per interval, which makes parts larger."""
        return len(self.intervals) or 1

    @property
    def newline(self) -> bytes:
        """The bytes that end a line. In UTF-16, only at an even offset."""
        return "\n".encode(self.encoding)

    def to_dict(self) -> dict[str, Any]:
        """The layout as a JSON object."""
        return asdict(self) | {"columns": dict(self.columns)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Layout":
        """The inverse of `to_dict`, also after JSON."""
        columns = {role: int(position) for role, position in stored["columns"].items()}
        sequences = {"names": tuple(stored["names"]), "intervals": tuple(map(int, stored["intervals"]))}
        return cls(**{**stored, **sequences, "columns": columns})
