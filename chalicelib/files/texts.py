"""Columns of a table of cells as texts, by their roles."""

import polars as pl

from chalicelib.files.cells import name
from chalicelib.files.layout import Layout
from chalicelib.files.typed import text_of_type


def text(table: pl.DataFrame, layout: Layout, role: str, constant: str | None) -> pl.Series:
    """The texts of a column, or the constant if the file lacks it.

    Those that a spreadsheet or an export marks as text, `="007"` or `'=x`, are without the mark.
    """
    if role not in layout.columns:
        return pl.Series([constant], dtype=pl.String).new_from_index(0, table.height)
    given = text_of_type(table[name(layout.columns[role])])
    if given.str.contains(r"^(=\"|'[=+\-@])").any():
        given = given.str.replace(r"^=\"(.*)\"$", "$1").str.replace(r"^'([=+\-@])", "$1")
    return given


def label(layout: Layout, role: str) -> str:
    """The name of a column in the file; the role's own if the file lacks it."""
    position = layout.columns.get(role)
    return role if position is None else layout.names[position]
