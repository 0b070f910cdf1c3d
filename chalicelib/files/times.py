"""Local times to instants."""

from collections.abc import Mapping

import polars as pl

UTC = "UTC"


def resolve(
    rows: pl.DataFrame, timezones: pl.DataFrame | Mapping[str, str], timezone: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with `start` and `end` (Int64, microseconds since 1970 UTC; end null if not given), and rejected rows."""
    raise NotImplementedError
