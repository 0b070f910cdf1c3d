"""Tables of cells to projects and traces."""

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from chalicelib.files.cells import name
from chalicelib.files.layout import Layout
from chalicelib.files.moments import moments
from chalicelib.files.numbers import numbers
from chalicelib.files.rejecting import Check, checked
from chalicelib.files.texts import label, text
from chalicelib.files.typed import moments_of_type, numbers_of_type
from chalicelib.files.units import cleaned

_PERIODS = ("baseline_period_start", "baseline_period_end", "reporting_period_start", "reporting_period_end")
_TRUE, _FALSE = ("true", "yes", "y", "t", "1"), ("false", "no", "n", "f", "0")
_FUELS = {  # of meters that a utility reads
    "ELECTRIC": "E_C_S", "ELECTRICITY": "E_C_S", "ELECTRIC_GRID": "E_C_S", "GAS": "NG_C_S", "NATURAL_GAS": "NG_C_S",
}  # fmt: skip
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?")  # a longer one is an id, which a float would change


def fields(rows: pl.DataFrame, layout: Layout) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The line, the key, and the fields as the API expects them in a body, of each row; blank cells are left out.

    project_id of a trace is a list of the client's own ids. The metadata of a project are the columns that are no
    fields: true, false and numbers as such, and other texts, and numbers with leading zeros or more than 15 digits, as
    texts.
    """
    for line, key, given in rows.select("line", "key", "fields").iter_rows():
        found = {field: value for field, value in given.items() if value is not None and field != "metadata"}
        metadata = {
            field: _scalar(value, layout) for field, value in (given.get("metadata") or {}).items() if value is not None
        }
        yield line, key, found | ({"metadata": metadata} if metadata else {})


def of_projects(table: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The columns line, key and fields; the rejected rows, and how many rows there were, of a table of cells."""
    found = table.select("line", key=text(table, layout, "project_id", None))
    checks = [
        Check(pl.col("key").is_null(), label(layout, "project_id"), pl.lit(""), "The project_id is blank. Fill it in.")
    ]
    given = ["key"]
    for role in (role for role in _PERIODS if role in layout.columns):
        dates = table[name(layout.columns[role])]
        parsed = (
            moments(dates, layout.order, layout.date_format).with_columns(text=dates)
            if dates.dtype == pl.String
            else (moments_of_type(dates))
        )
        found = found.with_columns(_api_dates(parsed).alias(role), parsed["text"].alias(f"{role}_text"))
        reason = (
            "This is neither a date nor a time with an offset. Correct it, or give the format with date_format. A time of "
            "the day needs an offset, such as 2016-01-05T13:00:00-06:00."
        )
        bad = pl.col(role).is_null() & pl.col(f"{role}_text").is_not_null()
        checks.append(Check(bad, label(layout, role), pl.col(f"{role}_text"), reason))
        given.append(role)
    for role, width in (("zipcode", 5), ("weather_station", 6), ("weather_normal_station", 6), ("timezone", 0)):
        if role in layout.columns:
            found = found.with_columns(_padded(text(table, layout, role, None), width).alias(role))
            given.append(role)
    if "timezone" not in given and layout.timezone:
        found, given = found.with_columns(timezone=pl.lit(layout.timezone)), [*given, "timezone"]
    others = _metadata(table, layout)
    if others.width:
        found, given = found.with_columns(others.to_struct("metadata")), [*given, "metadata"]
    good, rejected = checked(found, checks)
    return _with_fields(good, "project_id", given), rejected, table.height


def of_traces(table: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The columns line, key and fields; the rejected rows, and how many rows there were, of a table of cells."""
    found = table.select("line", key=text(table, layout, "trace_id", None))
    checks = [
        Check(pl.col("key").is_null(), label(layout, "trace_id"), pl.lit(""), "The trace_id is blank. Fill it in.")
    ]
    interpretation = text(table, layout, "interpretation", None).str.to_uppercase().str.replace_all(r"[\s\-]+", "_")
    found = found.with_columns(
        interpretation.replace(_FUELS).fill_null(layout.interpretation or "").alias("interpretation"),
        cleaned(text(table, layout, "unit", None).fill_null(layout.unit or "")).alias("unit"),
    ).with_columns(pl.when(pl.col("interpretation") != "").then("interpretation").alias("interpretation"))
    given = ["key", "interpretation", "unit"]
    if "readings" in layout.columns:
        found, given = (
            found.with_columns(readings=text(table, layout, "readings", None).str.to_lowercase()),
            [*given, "readings"],
        )
    if "heat_content" in layout.columns:
        cells = table[name(layout.columns["heat_content"])]
        parsed = numbers(cells, layout.decimal) if cells.dtype == pl.String else numbers_of_type(cells)
        found = found.with_columns(heat_content=parsed["number"], bad_heat=parsed["bad"], heat_text=cells)
        reason = "This is no number. Give the therms in one posted unit, such as 1.036, or leave the cell blank."
        checks.append(Check(pl.col("bad_heat"), label(layout, "heat_content"), pl.col("heat_text"), reason))
        given.append("heat_content")
    if "zero_is_reading" in layout.columns:
        words = text(table, layout, "zero_is_reading", None).str.to_lowercase()
        found = found.with_columns(
            zero_text=words,
            zero_is_reading=pl.when(words.is_in(_TRUE)).then(True).when(words.is_in(_FALSE)).then(False),
        )
        bad = pl.col("zero_is_reading").is_null() & pl.col("zero_text").is_not_null()
        reason = "This is neither true nor false; use one of these, or leave the cell blank."
        checks.append(Check(bad, label(layout, "zero_is_reading"), pl.col("zero_text"), reason))
        given.append("zero_is_reading")
    for role in ("project_id", "projects"):
        if role in layout.columns:
            separators = r"[;|]" if role == "project_id" else r"[;|,\s]+"
            listed = text(table, layout, role, None).str.replace_all(separators, "\0").str.split("\0")
            listed = listed.list.eval(pl.element().str.strip_chars()).list.eval(pl.element().filter(pl.element() != ""))
            found, given = found.with_columns(listed.alias(role)), [*given, role]
    if "projects" in given:
        digits = pl.col("projects").list.eval(pl.element().str.contains(r"^\d{1,16}$")).list.all()
        reason = 'Projects are named by their ids in the datastore, such as 17;18. Name them by your own ids in a column "project_id".'
        checks.append(Check(~digits, label(layout, "projects"), pl.col("projects").list.join(";"), reason))
    good, rejected = checked(found, checks)
    if "projects" in given:
        good = good.with_columns(pl.col("projects").cast(pl.List(pl.Int64)))
    return _with_fields(good, "trace_id", given), rejected, table.height


def _with_fields(good: pl.DataFrame, key: str, given: list[str]) -> pl.DataFrame:
    others = [pl.col(field) for field in given if field != "key"]
    return good.select("line", "key", fields=pl.struct(pl.col("key").alias(key), *others))


def _api_dates(parsed: pl.DataFrame) -> pl.Series:
    """Dates, and instants in UTC, as ISO 8601; a local time is null unless it is midnight."""
    local, instant = pl.col("local"), pl.from_epoch(pl.col("instant"), "us")
    date = pl.when(local == local.dt.truncate("1d")).then(local.dt.strftime("%Y-%m-%d"))
    return parsed.select(found=pl.coalesce(date, instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")))["found"]


def _padded(texts: pl.Series, width: int) -> pl.Series:
    """Codes with the leading zeros that spreadsheets remove; of ZIP+4, the ZIP code."""
    if not width:
        return texts
    if width == 5:
        texts = texts.str.replace(r"^(\d{5})-\d{4}$", "$1")
    short = texts.str.contains(rf"^\d{{3,{width - 1}}}$").fill_null(False)
    return texts.str.zfill(width).zip_with(short, texts)


def _metadata(table: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The columns that are no fields, by their names in the file."""
    found: dict[str, pl.Series] = {}
    for position, header in enumerate(layout.names):
        cells = table[name(position)] if name(position) in table.columns else None
        if cells is None or position in layout.columns.values() or not header or cells.dtype.is_nested():
            continue
        kept = cells.dtype in (pl.String, pl.Boolean) or cells.dtype.is_integer() or cells.dtype.is_float()
        field, count = header, 1
        while field in found:
            count += 1
            field = f"{header}_{count}"
        found[field] = cells if kept else cells.cast(pl.String, strict=False)
    return pl.DataFrame(found)


def _scalar(value: str | float | bool, layout: Layout) -> str | float | bool | None:
    if not isinstance(value, str):
        return None if value != value else value  # NaN
    if layout.format != "csv":
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    spelled = value.replace(",", ".") if layout.decimal == "," and "." not in value else value
    if not _NUMBER.fullmatch(spelled):
        return value
    return float(spelled) if "." in spelled else int(spelled)
