"""Tables of cells to readings of traces and of weather stations."""

import polars as pl

from chalicelib.files.cells import name
from chalicelib.files.layout import Layout
from chalicelib.files.moments import moments
from chalicelib.files.numbers import numbers
from chalicelib.files.parsed import LOCAL, TRACE_RECORDS, WEATHER_RECORDS
from chalicelib.files.rejecting import Check, checked
from chalicelib.files.texts import label, text
from chalicelib.files.typed import moments_of_type, numbers_of_type, text_of_type
from chalicelib.files.units import cleaned
from chalicelib.files.wide import unpivoted

_MICROSECONDS_PER_HOUR = 3_600_000_000
_TRUE = ("e", "est", "est.", "estimate", "estimated", "yes", "y", "true", "t", "1", "x", "forecast", "projected")
_UNREADABLE = (
    "This is no date and time in the format of the file's other rows. Correct it, or give the format with date_format."
)
_NO_NUMBER = "This is no number. Correct it, or leave the cell blank if the value is unknown."


def of_traces(table: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The rows (TRACE_RECORDS), the rejected rows, and how many there were, of a table of cells."""
    read = table.height
    timed = _timed(table, layout)
    timed = timed.with_columns(
        key=text(table, layout, "trace_id" if "trace_id" in layout.columns else "trace", layout.trace_id),
        estimated=_flag(table, layout),
        unit=cleaned(text(table, layout, "unit", None).fill_null(layout.unit or "")),
    )
    by_id = "trace_id" not in layout.columns and "trace" in layout.columns
    timed = timed.with_columns(by_id=pl.lit(by_id))
    checks = [_no_key(layout, "trace" if by_id else "trace_id"), *_time_checks(layout)]
    if by_id:
        reason = "A trace is named by its id in the datastore, which has only digits. Give your own ids as trace_id."
        checks.insert(
            1, Check(~pl.col("key").str.contains(r"^\d{1,18}$"), label(layout, "trace"), pl.col("key"), reason)
        )
    good, rejected = checked(timed, checks)
    if layout.intervals:
        rows, bad = unpivoted(good, table, layout)
        read = rows.height + bad.height + rejected.height * layout.readings_per_row
    else:
        rows, bad = _valued(good, table, layout, "value")
    return rows.select(_typed(TRACE_RECORDS)), pl.concat([rejected, bad]), read


def of_weather(table: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The rows (WEATHER_RECORDS), the rejected rows, and how many there were, of a table of cells."""
    timed = _timed(table, layout).with_columns(
        key=text(table, layout, "station", layout.station),
        dataset=text(table, layout, "dataset", layout.dataset).fill_null("observed").str.to_lowercase(),
        unit=text(table, layout, "unit", None).fill_null(layout.unit or "F"),
    )
    timed = timed.with_columns(
        pl.when(pl.col("key").str.contains(r"^\d{5}$")).then("0" + pl.col("key")).otherwise("key").alias("key"),
        unit=pl.col("unit").str.to_uppercase().str.strip_chars("°").str.replace("DEG ?", "").str.slice(0, 1),
    )
    checks = [
        _no_key(layout, "station"),
        *_time_checks(layout),
        Check(
            ~pl.col("dataset").is_in(["observed", "normal"]),
            label(layout, "dataset"),
            pl.col("dataset"),
            "The dataset is neither observed nor normal.",
        ),
        Check(~pl.col("unit").is_in(["F", "C"]), label(layout, "unit"), pl.col("unit"), "The unit is neither F nor C."),
    ]
    good, rejected = checked(timed, checks)
    rows, bad = _valued(good, table, layout, "temperature")
    return rows.select(_typed(WEATHER_RECORDS)), pl.concat([rejected, bad]), table.height


def _timed(table: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The line, the row's `index` in the table, and start and end, with their texts."""
    starts = _moments(table, layout, "start", "time")
    ends = (
        _moments(table, layout, "end", "end_time") if "end" in layout.columns or "end_time" in layout.columns else None
    )
    timed = pl.DataFrame(
        {
            "line": table["line"],
            "local": starts["local"],
            "instant": starts["instant"],
            "date_only": starts["date_only"],
            "start_text": starts["text"],
        }
    ).with_columns(index=pl.int_range(pl.len(), dtype=pl.UInt32), elapsed=pl.lit(None, pl.Int64))
    if ends is None:
        return timed.with_columns(
            end_local=pl.lit(None, LOCAL),
            end_instant=pl.lit(None, pl.Int64),
            end_date_only=pl.lit(None, pl.Boolean),
            end_text=pl.lit(None, pl.String),
        )
    return timed.with_columns(
        end_local=ends["local"], end_instant=ends["instant"], end_date_only=ends["date_only"], end_text=ends["text"]
    )


def _moments(table: pl.DataFrame, layout: Layout, role: str, time_role: str) -> pl.DataFrame:
    """The columns local, instant, date_only and text of a column of dates, and perhaps another one of times."""
    date = table[name(layout.columns.get(role, layout.columns["start"]))]
    clock = layout.columns.get(time_role)
    if clock is None:
        if date.dtype != pl.String:
            return moments_of_type(date)
        return moments(date, layout.order, layout.date_format).with_columns(text=date)
    days = text_of_type(date).str.replace(r"(?:[T ]0?0:00(?::00)?(?:\.0+)?| 12:00(?::00)? ?AM)$", "")
    texts = days + " " + text_of_type(table[name(clock)])
    found = moments(texts, layout.order, layout.date_format).with_columns(text=texts)
    if layout.hour_ending:
        found = found.with_columns(
            pl.col("local") - pl.duration(hours=1), pl.col("instant") - pl.lit(_MICROSECONDS_PER_HOUR)
        )
    if time_role == "end_time" and "end" not in layout.columns:  # the interval ends on the next day
        start = moments(
            days + " " + text_of_type(table[name(layout.columns["time"])]), layout.order, layout.date_format
        )
        later = (found["local"] < start["local"]).fill_null(False)
        found = found.with_columns(pl.col("local") + pl.duration(days=pl.lit(later.cast(pl.Int64))))
    return found


def _time_checks(layout: Layout) -> list[Check]:
    blank = Check(
        pl.col("start_text").is_null(),
        label(layout, "start"),
        pl.lit(""),
        "The start is blank. Give the date and time at which the value's time begins.",
    )
    start = Check(
        pl.col("local").is_null() & pl.col("instant").is_null(),
        label(layout, "start"),
        pl.col("start_text"),
        _UNREADABLE,
    )
    end = Check(
        pl.col("end_local").is_null() & pl.col("end_instant").is_null() & pl.col("end_text").is_not_null(),
        label(layout, "end"),
        pl.col("end_text"),
        _UNREADABLE,
    )
    return [blank, start, end]


def _no_key(layout: Layout, role: str) -> Check:
    return Check(pl.col("key").is_null(), label(layout, role), pl.lit(""), f"The {role} is blank. Fill it in.")


def _valued(good: pl.DataFrame, table: pl.DataFrame, layout: Layout, role: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their values, and those whose value is no number."""
    given = table[name(layout.columns[role])]
    given = given if good.height == table.height else given.gather(good["index"])
    found = numbers(given, layout.decimal) if given.dtype == pl.String else numbers_of_type(given)
    valued = good.with_columns(value=found["number"], bad=found["bad"], value_text=given)
    return checked(valued, [Check(pl.col("bad"), label(layout, role), pl.col("value_text"), _NO_NUMBER)])


def _flag(table: pl.DataFrame, layout: Layout) -> pl.Series:
    """Whether a reading is estimated, from Yes or No, true or false, Estimated or Actual, and their first letters."""
    if "estimated" not in layout.columns:
        return pl.Series([False]).new_from_index(0, table.height)
    given = table[name(layout.columns["estimated"])]
    if given.dtype == pl.Boolean:
        return given.fill_null(False)
    return text_of_type(given).str.to_lowercase().is_in(_TRUE).fill_null(False)


def _typed(schema: pl.Schema) -> list[pl.Expr]:
    return [pl.col(column).cast(dtype) for column, dtype in schema.items()]
