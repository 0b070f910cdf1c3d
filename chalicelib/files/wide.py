"""Tables with a row per day to a row per reading."""

import polars as pl

from chalicelib.files.cells import name
from chalicelib.files.layout import Layout
from chalicelib.files.numbers import numbers
from chalicelib.files.rejecting import Check, checked
from chalicelib.files.typed import numbers_of_type

_MICROSECONDS_PER_MINUTE = 60_000_000
_NO_NUMBER = "This is no number. Correct it, or leave the cell blank if the value is unknown."


def unpivoted(good: pl.DataFrame, table: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A row per interval of the days, and the cells that are no number.

    good: the days, with `index`, their row in the table of cells. If the intervals of a day are in the order in which
    they elapsed, `elapsed` counts from midnight: in tables with columns for a 25th hour, and for days on which just
    the last hour is blank, as on that on which clocks go forward. Otherwise, the columns are times of the clock.
    """
    per_hour = 60 // layout.minutes
    by_order = len(layout.intervals) > 24 * per_hour
    columns = [name(position) for position in layout.intervals]
    filled = table.select(
        head=pl.all_horizontal(pl.col(column).is_not_null() for column in columns[:-per_hour]),
        tail=pl.any_horizontal(pl.col(column).is_not_null() for column in columns[-per_hour:]),
    )
    elapsed = filled["head"] & ~filled["tail"] if not by_order else pl.Series([True]).new_from_index(0, table.height)
    days = good.with_columns(by_order=elapsed.gather(good["index"]))
    parts, rejected = [], []
    for step, position in enumerate(layout.intervals):
        given = table[name(position)].gather(good["index"])
        found = numbers(given, layout.decimal) if given.dtype == pl.String else numbers_of_type(given)
        after = step * layout.minutes * _MICROSECONDS_PER_MINUTE
        timed = days.with_columns(
            local=pl.when("by_order").then("local").otherwise(pl.col("local") + pl.duration(microseconds=after)),
            instant=pl.col("instant") + after,
            elapsed=pl.when(pl.col("by_order") & pl.col("instant").is_null()).then(pl.lit(after, pl.Int64)),
            date_only=pl.lit(False),
            value=found["number"],
            bad=found["bad"],
            value_text=given,
        )
        rows, wrong = checked(timed, [Check(pl.col("bad"), layout.names[position], pl.col("value_text"), _NO_NUMBER)])
        parts.append(rows.drop("bad", "value_text", "start_text", "end_text"))
        rejected.append(wrong)
    rows = pl.concat(parts).sort("index", maintain_order=True)
    return rows, pl.concat(rejected)
