"""Times of a clock to instants, also on the days on which clocks change."""

from collections.abc import Mapping

import polars as pl

from chalicelib.files.options import FileError
from chalicelib.files.parsed import LOCAL
from chalicelib.files.rejecting import Check, checked

_BEFORE_A_CHANGE = pl.duration(hours=3)  # clocks change by at most this, and not twice within it
_SAME_CHANGE = pl.duration(hours=6)  # ambiguous rows that are closer are of the same change of clocks
_DAY = pl.duration(days=1)
_NO_ZONE = (
    "The time zone is unknown: the trace belongs to no project, or to projects in different time zones. Give the option "
    "timezone, or times with an offset."
)
_TWICE = (
    "Clocks go back, and this time occurs twice; the order of the rows does not tell which of the two it is. Give the time "
    "with its offset, or both passes of the hour in the order of time."
)
_SKIPPED = "Clocks go forward, and skip this time. Correct it, or give it with its offset or in UTC."
_BEYOND = "The day has no such hour, since it is 23 or 24 hours long. Correct the row, or leave the cell blank."


def resolve(
    rows: pl.DataFrame, timezones: pl.DataFrame | Mapping[str, str], timezone: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with `start` and `end` (Int64, microseconds since 1970 UTC; end null if not given), and rejected rows.

    rows: TRACE_RECORDS or WEATHER_RECORDS, all rows of each key. timezones: {key: IANA name}, or a table with the
    columns key and timezone, of the keys that have a single one. timezone: of all rows, which wins.

    When clocks go back, the hour that occurs twice is told by the order of the lines of each key: the first pass is
    summer time, the second one standard time, or the reverse if lines go back in time. If there is only one pass, its
    rows are rejected; so are rows in the hour that clocks skip, unless their value is unknown: those are dropped. A
    bare date is the first instant of the day. Raises FileError for an unknown time zone.
    """
    indexed = rows.with_row_index("row")
    if "end_local" not in rows.columns:
        indexed = indexed.with_columns(
            end_local=pl.lit(None, LOCAL), end_instant=pl.lit(None, pl.Int64), end_date_only=pl.lit(None, pl.Boolean)
        )
    if "date_only" not in rows.columns:
        indexed = indexed.with_columns(date_only=pl.lit(False))
    indexed = _with_zone(indexed, timezones, timezone)
    is_local = pl.col("local").is_not_null() | pl.col("end_local").is_not_null()
    columns = {
        "start": pl.col("instant"),
        "end": pl.col("end_instant"),
        "skipped": pl.lit(False),
        "twice": pl.lit(False),
    }
    parts = [indexed.filter(~is_local).with_columns(**columns, beyond=pl.lit(False))]
    unknown = indexed.filter(is_local & pl.col("zone").is_null())
    for zone in indexed.filter(is_local)["zone"].drop_nulls().unique().sort():
        try:
            parts.append(_in_zone(indexed.filter(is_local & (pl.col("zone") == zone)), zone))
        except pl.exceptions.ComputeError:
            raise FileError(f'"{zone}" is not an IANA time zone such as America/Chicago.') from None
    resolved = pl.concat(parts).sort("row")
    resolved = resolved.filter(~((pl.col("skipped") | pl.col("beyond")) & pl.col("value").is_null()))
    shown = pl.col("local").dt.strftime("%Y-%m-%d %H:%M:%S")
    good, rejected = checked(
        resolved,
        [
            Check(pl.col("skipped"), "start", shown, _SKIPPED),
            Check(pl.col("beyond"), "start", shown, _BEYOND),
            Check(pl.col("twice"), "start", shown, _TWICE),
        ],
    )
    _, without = (
        checked(unknown, [Check(pl.lit(True), "start", shown, _NO_ZONE)]) if unknown.height else (None, rejected)
    )
    both = pl.concat([rejected, without]) if unknown.height else rejected
    return good.select(*rows.columns, "start", "end"), both.sort("line", maintain_order=True)


def _with_zone(rows: pl.DataFrame, timezones: pl.DataFrame | Mapping[str, str], timezone: str | None) -> pl.DataFrame:
    if timezone:
        return rows.with_columns(zone=pl.lit(timezone))
    if not isinstance(timezones, pl.DataFrame):
        schema = {"key": pl.String, "timezone": pl.String}
        timezones = pl.DataFrame({"key": list(timezones), "timezone": list(timezones.values())}, schema=schema)
    known = timezones.select("key", zone="timezone")
    return rows.join(known, on="key", how="left", maintain_order="left")


def _in_zone(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The rows, all of this time zone, with start, end, and whether the start is skipped, beyond the day, or twice."""
    local, elapsed = pl.col("local"), pl.col("elapsed")
    timed = rows.with_columns(
        early=_instant(local, zone, "earliest"), late=_instant(local, zone, "latest"), first=_first(local, zone)
    )
    by_clock = pl.col("elapsed").is_null() & ~pl.col("date_only").fill_null(False)
    timed = timed.with_columns(ambiguous=(by_clock & (pl.col("early") != pl.col("late"))).fill_null(False))
    late = _second_passes(timed) if timed["ambiguous"].any() else None
    timed = (
        timed.with_columns(second=pl.lit(None, pl.Boolean)) if late is None else timed.join(late, on="row", how="left")
    )
    timed = timed.with_columns(
        start=pl.when(local.is_null())
        .then("instant")
        .when(~by_clock)
        .then(pl.col("first") + elapsed.fill_null(0))
        .when(pl.col("ambiguous") & pl.col("second"))
        .then("late")
        .otherwise("early"),
        skipped=by_clock & local.is_not_null() & pl.col("early").is_null(),
        twice=pl.col("ambiguous") & pl.col("second").is_null(),
    )
    end = pl.col("end_local")
    early_end, late_end, first_end = _instant(end, zone, "earliest"), _instant(end, zone, "latest"), _first(end, zone)
    timed = timed.with_columns(
        beyond=(elapsed.is_not_null() & (pl.col("start") >= _first(local + _DAY, zone))).fill_null(False),
        end=pl.when(end.is_null())
        .then("end_instant")
        .when(pl.col("end_date_only").fill_null(False) | early_end.is_null())
        .then(first_end)
        .when(early_end > pl.col("start"))
        .then(early_end)
        .otherwise(late_end),
    )
    return timed.select(*rows.columns, "start", "end", "skipped", "twice", "beyond")


def _instant(local: pl.Expr, zone: str, ambiguous: str) -> pl.Expr:
    """Microseconds since 1970 UTC of a time of the clock; null if clocks skip it."""
    zoned = local.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null")  # type: ignore[arg-type]
    return zoned.dt.timestamp("us")


def _first(local: pl.Expr, zone: str) -> pl.Expr:
    """The first instant at which the clock shows the time; if it skips it, as if it changed just after it."""
    before = _instant(local - _BEFORE_A_CHANGE, zone, "earliest") + 3 * 3_600_000_000
    return _instant(local, zone, "earliest").fill_null(before)


def _second_passes(timed: pl.DataFrame) -> pl.DataFrame:
    """Of ambiguous rows, the columns row and second: whether it is of the second pass; null: the order does not tell."""
    keys = timed.filter("ambiguous")["key"].unique()
    rows = timed.filter(pl.col("key").is_in(keys.implode()) & pl.col("local").is_not_null())
    rows = rows.select("row", "key", "line", "local", "ambiguous").sort("key", "line", maintain_order=True)
    local = pl.col("local")
    same_key = pl.col("key") == pl.col("key").shift(1)
    rows = rows.with_columns(
        step=pl.when(same_key).then((local - local.shift(1)).dt.total_microseconds().sign()),
        continued=(same_key & pl.col("ambiguous").shift(1) & ((local - local.shift(1)).abs() < _SAME_CHANGE)).fill_null(
            False
        ),
    ).with_columns(next_step=pl.col("step").shift(-1))
    runs = rows.filter("ambiguous").with_columns(run=(~pl.col("continued")).cum_sum())
    inside = pl.col("step").filter(pl.col("continued")).sum()
    direction = pl.col("step").first().fill_null(0) + inside + pl.col("next_step").last().fill_null(0)
    runs = runs.with_columns(forward=(direction >= 0).over("run"))
    turn = pl.col("continued") & pl.when("forward").then(pl.col("step") <= 0).otherwise(pl.col("step") >= 0)
    runs = runs.with_columns(turns=turn.cast(pl.Int32))
    runs = runs.with_columns(passed=pl.col("turns").cum_sum().over("run"), total=pl.col("turns").sum().over("run"))
    return runs.select("row", second=pl.when(pl.col("total") == 1).then((pl.col("passed") == 1) == pl.col("forward")))
