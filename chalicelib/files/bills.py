"""Readings with a start and an end, such as bills, to records: a value covers the time to the next record."""

from typing import NamedTuple

import polars as pl

from chalicelib.files.parsed import REJECTED

WARNINGS = pl.Schema({"line": pl.Int64(), "detail": pl.String()})

_CONVENTIONS = (("day", pl.duration(days=1)), ("minute", pl.duration(minutes=1)), ("second", pl.duration(seconds=1)))
_REVERSED = "The end is not after the start. Correct one of them."


class Records(NamedTuple):
    """What rows with ends become.

    rows: as given, without the rejected ones, with `closing` (Boolean): added records, whose value is null, at the end
    of a reading which no other one follows. Store these only where the trace has no record. warnings: WARNINGS, of
    gaps and of duplicates.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame
    warnings: pl.DataFrame


def with_exclusive_ends(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows (TRACE_RECORDS, of whole traces) with ends that are where the next reading starts, and warnings.

    If most ends of a trace are a day, or a minute or a second, before the next start, they are the last day (minute,
    second) of the reading, and are moved by that. A trace with a single reading follows the majority of the file.
    """
    end = pl.coalesce("end_local", pl.from_epoch("end_instant", "us"))
    start = pl.coalesce("local", pl.from_epoch("instant", "us"))
    ordered = (
        rows.filter(end.is_not_null())
        .select("key", "date_only", "end_date_only", start=start, end=end)
        .sort("key", "start")
    )
    follows = pl.col("key").shift(-1) == pl.col("key")
    gap = pl.when(follows).then(pl.col("start").shift(-1) - pl.col("end"))
    days = pl.col("date_only").fill_null(False) & pl.col("end_date_only").fill_null(False)
    votes = ordered.select(
        "key",
        none=gap == pl.duration(),
        **{unit: (gap == length) & (days if unit == "day" else ~days) for unit, length in _CONVENTIONS},
    ).with_columns(pl.exclude("key").fill_null(False).cast(pl.Int64))
    units = ["none", *(unit for unit, _ in _CONVENTIONS)]
    whole = _majority(votes.select(pl.col(units).sum()), units)["inclusive"].item()
    own = votes.group_by("key").agg(pl.col(units).sum())
    chosen = own.select("key", _majority(own, units)["inclusive"].fill_null(whole or "none"))
    chosen = chosen.filter(pl.col("inclusive") != "none")
    if chosen.is_empty():
        return rows, pl.DataFrame(schema=WARNINGS)
    moved = rows.join(chosen, on="key", how="left", maintain_order="left")
    warnings = [pl.DataFrame(schema=WARNINGS)]
    for unit, length in _CONVENTIONS:
        chose = pl.col("inclusive") == unit
        ends = moved.filter(chose & end.is_not_null())
        if ends.is_empty():
            continue
        moved = moved.with_columns(
            pl.when(chose).then(pl.col("end_local") + length).otherwise("end_local").alias("end_local"),
            pl.when(chose)
            .then(pl.col("end_instant") + length.dt.total_microseconds())
            .otherwise("end_instant")
            .alias("end_instant"),
        )
        line, trace, count = ends["line"][0], ends["key"][0], ends["key"].n_unique()
        which = f"trace {trace}" if count == 1 else f"{count:,} traces, such as {trace},"
        detail = (
            f"The ends of the readings of {which} are taken as their last {unit}, since most are one {unit} before the "
            "next start."
        )
        warnings.append(pl.DataFrame({"line": [line], "detail": [detail]}, schema=WARNINGS))
    return moved.drop("inclusive"), pl.concat(warnings)


def records(rows: pl.DataFrame) -> Records:
    """The records of resolved rows, which `times.resolve` returns, of whole traces.

    A reading whose end is not after its start is rejected, and one that starts before the end of an earlier one, unless
    both have the same start and end. A gap between readings becomes a record without a value.
    """
    backwards = (pl.col("end") <= pl.col("start")).fill_null(False)
    rejected = rows.filter(backwards).select(
        "line", column=pl.lit("end"), value=_shown("end_local", "end"), reason=pl.lit(_REVERSED)
    )
    ordered = rows.filter(~backwards).sort("key", "start", "line")
    kept, overlapping = _without_overlaps(ordered)
    rejected = pl.concat([rejected, overlapping]).sort("line", maintain_order=True)
    same_next = pl.col("key").shift(-1) == pl.col("key")
    timed = kept.with_columns(
        next_start=pl.when(same_next).then(pl.col("start").shift(-1)),
        next_line=pl.when(same_next).then(pl.col("line").shift(-1)),
        next_shown=pl.when(same_next).then(_shown("local", "start").shift(-1)),
        until=_shown("end_local", "end"),
        shown=_shown("local", "start"),
    )
    next_start = pl.col("next_start")
    closed = timed.filter(pl.col("end").is_not_null() & (next_start.is_null() | (next_start > pl.col("end"))))
    closing = closed.with_columns(
        start=pl.col("end"),
        end=pl.lit(None, pl.Int64),
        value=pl.lit(None, pl.Float64),
        estimated=pl.lit(False),
        closing=pl.lit(True),
    )
    gaps = closed.filter(next_start.is_not_null()).select(
        line="next_line",
        detail=pl.format("Trace {} has no reading from {} to {}.", "key", "until", "next_shown"),
    )
    twice = timed.filter(next_start == pl.col("start")).select(
        line="next_line",
        detail=pl.format(
            "Trace {} has two readings that start at {}, in lines {} and {}; the last one counts.",
            "key", "shown", "line", "next_line",
        ),
    )  # fmt: skip
    columns = [*rows.columns, "closing"]
    every = pl.concat([timed.with_columns(closing=pl.lit(False)).select(columns), closing.select(columns)])
    warnings = pl.concat([gaps, twice]).sort("line", maintain_order=True)
    return Records(every.sort("key", "start", "line", maintain_order=True), rejected, warnings)


def _majority(votes: pl.DataFrame, units: list[str]) -> pl.DataFrame:
    """The column that has more votes than all others together, by row; null: none."""
    total = pl.sum_horizontal(units)
    return votes.select(inclusive=pl.coalesce(pl.when(pl.col(unit) * 2 > total).then(pl.lit(unit)) for unit in units))


def _without_overlaps(ordered: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows in the order of key and start without those that start before an earlier one's end, and these (REJECTED)."""
    ended = (
        ordered.with_row_index("row")
        .filter(pl.col("end").is_not_null())
        .with_columns(shown=_shown("local", "start"), until=_shown("end_local", "end"))
    )
    latest = pl.col("end").cum_max().over("key")
    ended = ended.with_columns(before=latest.shift(1).over("key")).with_columns(
        conflict=(pl.col("start") < pl.col("before")).fill_null(False)
    )
    if not ended["conflict"].any():
        return ordered, pl.DataFrame(schema=REJECTED)
    ended = ended.with_columns(cluster=(~pl.col("conflict")).cum_sum())
    clusters = ended.filter(pl.col("conflict").any().over("cluster"))
    rejected: list[tuple[int, str, str, str]] = []
    gone: list[int] = []
    cluster, accepted = None, (0, 0, 0, "", "")
    for row, inside, *reading in clusters.select(
        "row", "cluster", "line", "start", "end", "shown", "until"
    ).iter_rows():
        line, start, end, shown, until = reading
        if inside != cluster or start >= accepted[2]:
            cluster, accepted = inside, (line, start, end, shown, until)
        elif (start, end) != accepted[1:3]:
            reason = (
                f"The reading from {shown} to {until} overlaps that in line {accepted[0]}, from {accepted[3]} to "
                f"{accepted[4]}. Remove one of them, or correct its dates."
            )
            rejected.append((line, "start", shown, reason))
            gone.append(row)
    remaining = ordered.with_row_index("row").filter(~pl.col("row").is_in(gone)).drop("row")
    return remaining, pl.DataFrame(rejected, schema=REJECTED, orient="row")


def _shown(local: str, instant: str) -> pl.Expr:
    """A time as text: of the clock, or else in UTC; midnight as a date."""
    clock = pl.col(local)
    date = pl.when(clock == clock.dt.truncate("1d")).then(clock.dt.strftime("%Y-%m-%d"))
    in_utc = pl.from_epoch(pl.col(instant), "us").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.coalesce(date, clock.dt.strftime("%Y-%m-%d %H:%M"), in_utc)
