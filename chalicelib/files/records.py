"""From the rows of a bucket to the records of each series, in the datastore's units and in UTC, and what is new of them."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from chalicelib.files import bills, times
from chalicelib.files.rejecting import Check, checked

ESTIMATED, DUPLICATE = 1, 2  # the flags of store.series.series
LARGEST = 1e12  # the API's limit of a reading
RECORDS = pl.Schema({"key": pl.String, "start": pl.Int64, "value": pl.Float64, "flags": pl.UInt8, "line": pl.Int64})


@dataclass(frozen=True)
class Series:
    """What the records of a series need.

    timezone: of local times; None: unknown, and `why` says why. factor: the factor from a unit (None: the unit that the
    series is posted in) to the stored one; raises ValueError, whose message says what to do.
    """

    timezone: str | None
    why: str
    factor: Callable[[str | None], float]


class Prepared(NamedTuple):
    """records: RECORDS, sorted by key and start, each start once. closers: how many of them only end a series.

    repeated: rows whose record an earlier or later row of the file has as well. warnings: line and detail.
    """

    records: pl.DataFrame
    rejected: pl.DataFrame
    repeated: int
    warnings: list[dict[str, Any]]


class Change(NamedTuple):
    """The records of a series that are not stored as they are: instants, values (NaN: unknown) and flags."""

    starts: "array[int]"
    values: "array[float]"
    flags: "array[int]"
    created: int
    updated: int
    unchanged: int


def prepare(rows: pl.DataFrame, series: Mapping[str, Series], timezone: str | None) -> Prepared:
    """The records of the series that the rows name, in stored units and in UTC.

    rows: of a bucket, in order of their lines. series: those that exist, by key. timezone: of local times; None: that
    of each series.
    """
    rows, unknown = _known(rows, series, timezone)
    zones = {key: one.timezone for key, one in series.items() if one.timezone is not None}
    rows, unresolved = times.resolve(rows, zones, timezone)
    rows, billed, closing, warnings = bills.to_records(rows)
    rows, unfit = _converted(rows, series)
    records, repeated, conflicts = _each_instant_once(pl.concat([rows, closing.select(rows.columns)]))
    rejected = pl.concat([unknown, unresolved, billed, unfit]).sort("line", maintain_order=True)
    return Prepared(records, rejected, repeated, [*warnings, *conflicts])


def keys(rows: pl.DataFrame) -> tuple[list[str], list[int]]:
    """The keys of the rows that are texts, and those that are the ids of the datastore."""
    by_id = rows.filter(pl.col("by_id"))["key"].unique(maintain_order=True)
    texts = rows.filter(~pl.col("by_id"))["key"].unique(maintain_order=True)
    return texts.to_list(), [int(key) for key in by_id]


def by_key(records: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The records of each key."""
    for (key,), found in records.partition_by("key", as_dict=True, maintain_order=True, include_key=False).items():
        yield str(key), found


def bounds(records: pl.DataFrame) -> tuple[int, int]:
    """The first instant of sorted records, and the microsecond after the last."""
    return int(records["start"][0]), int(records["start"][-1]) + 1


def change(records: pl.DataFrame, starts: "array[int]", values: "array[float]", flags: "array[int]") -> Change:
    """What of the records of one series differs from what is stored: instants, values and flags, sorted."""
    if not starts:
        found = records.with_columns(is_new=pl.lit(True))
    else:
        stored = pl.DataFrame(
            {"start": list(starts), "stored": list(values), "stored_flags": list(flags), "is_stored": True},
            schema={"start": pl.Int64, "stored": pl.Float64, "stored_flags": pl.UInt8, "is_stored": pl.Boolean},
        )
        same_value = pl.col("value").eq_missing(pl.col("stored").fill_nan(None))
        found = records.join(stored, on="start", how="left", maintain_order="left").filter(
            pl.col("is_stored").is_null() | ~same_value | (pl.col("flags") != pl.col("stored_flags"))
        )
        found = found.with_columns(is_new=pl.col("is_stored").is_null())
    created = int(found["is_new"].sum())
    return Change(
        array("q", found["start"].to_list()),
        array("d", found["value"].fill_null(float("nan")).to_list()),
        array("B", found["flags"].to_list()),
        created,
        found.height - created,
        records.height - found.height,
    )


def _known(
    rows: pl.DataFrame, series: Mapping[str, Series], timezone: str | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose series exists, and has a time zone if they need one; and the others, rejected."""
    zoneless = {} if timezone else {key: one.why for key, one in series.items() if one.timezone is None}
    local = pl.col("local").is_not_null() | pl.col("end_local").is_not_null()
    why = pl.col("key").replace_strict(zoneless, default="", return_dtype=pl.String)
    name = pl.when(pl.col("by_id")).then(pl.lit("trace")).otherwise(pl.lit("trace_id"))
    return checked(
        rows,
        [
            Check(
                ~pl.col("key").is_in(list(series)),
                "trace_id",
                pl.col("key"),
                pl.format("There is no trace with the {} {}: load the traces first, or correct it.", name, pl.col("key")),
            ),
            Check(local & pl.col("key").is_in(list(zoneless)), "start", pl.col("local").cast(pl.String), why),
        ],
    )


def _converted(rows: pl.DataFrame, series: Mapping[str, Series]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their values in the stored units, and those that cannot be converted, rejected."""
    factors = list[tuple[str, str | None, float | None, str | None]]()
    for key, unit in rows.select("key", "unit").unique(maintain_order=True).iter_rows():
        try:
            factors.append((key, unit, series[key].factor(unit), None))
        except ValueError as problem:
            factors.append((key, unit, None, f"{problem}."))
    known = pl.DataFrame(
        factors,
        schema={"key": pl.String, "unit": pl.String, "factor": pl.Float64, "problem": pl.String},
        orient="row",
    )
    rows = rows.join(known, on=["key", "unit"], how="left", nulls_equal=True, maintain_order="left")
    rows = rows.with_columns(given=pl.col("value"), value=pl.col("value") * pl.col("factor"))
    rows, rejected = checked(
        rows,
        [
            Check(pl.col("problem").is_not_null(), "unit", pl.col("unit"), pl.col("problem")),
            Check(
                pl.col("given").abs() > LARGEST,
                "value",
                pl.col("given"),
                "A reading is between -1e12 and 1e12: correct it, or leave it blank if it is unknown.",
            ),
        ],
    )
    flags = pl.col("estimated").cast(pl.UInt8) * ESTIMATED
    return rows.select("key", "start", "value", flags.alias("flags"), "line"), rejected


def _each_instant_once(rows: pl.DataFrame) -> tuple[pl.DataFrame, int, list[dict[str, Any]]]:
    """The records sorted by key and start; of several for one instant the last, which is flagged if their values differ.

    Also returns how many rows were left out, and a warning for each instant with different values.
    """
    rows = rows.sort("key", "start", "line", maintain_order=True)
    first = rows.select(again=pl.struct("key", "start").is_first_distinct().not_())["again"]
    if not first.any():
        return rows, 0, []
    several = rows.group_by("key", "start", maintain_order=True).agg(
        pl.col("value").last(),
        pl.col("flags").last(),
        pl.col("line").last(),
        different=pl.col("value").n_unique(),
        lines=pl.col("line"),
    )
    conflicts = several.filter(pl.col("different") > 1)
    records = several.with_columns(
        flags=pl.when(pl.col("different") > 1).then(pl.col("flags") | DUPLICATE).otherwise(pl.col("flags"))
    )
    warnings = [
        {"line": line, "detail": f"{different} different values for this instant of {key}; the last one is stored."}
        for key, line, different in conflicts.select("key", "line", "different").iter_rows()
    ]
    return records.select(rows.columns), rows.height - several.height, warnings
