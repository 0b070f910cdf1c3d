"""Parts of exports without polars, whose threads do not survive the forks of the search."""

from collections.abc import Sequence
from typing import Any

from chalicelib import csv_text


class Part:
    """A part of a table as CSV, whatever its format, with the header in each file."""

    def __init__(self, format: str, columns: Sequence[tuple[str, str]], *, is_first: bool) -> None:
        self.rows = 0
        has_header = is_first or format == "parquet"
        self._text = csv_text.lines([[name for name, _ in columns]]) if has_header else ""

    @property
    def size(self) -> int:
        """The characters so far."""
        return len(self._text)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        self.rows += len(rows)
        self._text += csv_text.lines([[_shown(value) for value in row] for row in rows])

    def content(self) -> bytes:
        """The bytes of the part."""
        return self._text.encode()


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else str(value)
