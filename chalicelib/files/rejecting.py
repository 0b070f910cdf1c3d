"""Rejecting rows of a table, each with the cell and the reason."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from chalicelib.files.parsed import REJECTED

_SHOWN = 100  # characters of a cell


class Check(NamedTuple):
    """What makes a row bad; `bad` may be null, which means false. column: the name in the file; value: what to show."""

    bad: pl.Expr
    column: str
    value: pl.Expr
    reason: str | pl.Expr


def checked(table: pl.DataFrame, checks: Sequence[Check]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a table that pass all checks, and the rejected rows, each with the first check that it fails."""
    rejected = [pl.DataFrame(schema=REJECTED)]
    for check in checks:
        bad = table.select(bad=check.bad.fill_null(False))["bad"]
        if not bad.any():
            continue
        reason = pl.lit(check.reason) if isinstance(check.reason, str) else check.reason
        value = check.value.cast(pl.String).fill_null("").str.slice(0, _SHOWN)
        wrong = table.filter(bad).select("line", column=pl.lit(check.column), value=value, reason=reason)
        rejected.append(wrong)
        table = table.filter(~bad)
    return table, pl.concat(rejected)
