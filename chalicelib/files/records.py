"""From the rows of a bucket to the records of each series, in stored units and in UTC, and what is new of them."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from chalicelib.files import bills, times
from chalicelib.files.rejecting import Check, checked

ESTIMATED, DUPLICATE = 1, 2  # the flags of store.series.series
MAX_WARNINGS = 20
LARGEST = 1e12  # the API's limit of a reading
# closing: it only ends a reading, and is stored only where the series has no record.
RECORDS = ("key", "start", "value", "flags", "line", "closing")


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
    """records: the columns RECORDS, sorted by key and start, each start once.

    repeated: how many rows have the instant of another row. warnings: line and detail.
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
    rows, shifted = bills.with_exclusive_ends(rows)
    zones = {key: one.timezone for key, one in series.items() if one.timezone is not None}
    rows, unresolved = times.resolve(rows, zones, timezone)
    rows, overlapping, gaps = bills.records(rows)
    rows, unfit = _converted(rows, series)
    records, repeated, conflicts = each_instant_once(rows)
    rejected = pl.concat([unknown, unresolved, overlapping, unfit]).sort("line", maintain_order=True)
    warnings = pl.concat([shifted, gaps, conflicts]).sort("line", maintain_order=True).head(MAX_WARNINGS)
    return Prepared(records, rejected, repeated, warnings.to_dicts())


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
        same = pl.col("value").eq_missing(pl.col("stored").fill_nan(None)) & (pl.col("flags") == pl.col("stored_flags"))
        joined = records.join(stored, on="start", how="left", maintain_order="left")
        found = joined.filter(pl.col("is_stored").is_null() | ~(same | pl.col("closing")))
        found = found.with_columns(is_new=pl.col("is_stored").is_null())
    counted = found.filter(~pl.col("closing"))
    created = int(counted["is_new"].sum())
    return Change(
        array("q", found["start"].to_list()),
        array("d", found["value"].fill_null(float("nan")).to_list()),
        array("B", found["flags"].to_list()),
        created,
        counted.height - created,
        records.height - int(records["closing"].sum()) - counted.height,
    )


def _known(rows: pl.DataFrame, series: Mapping[str, Series], timezone: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
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
                pl.format(
                    "There is no trace with the {} {}: load the traces first, or correct it.", name, pl.col("key")
                ),
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
    return rows.with_columns(flags.alias("flags")).select(RECORDS), rejected


def each_instant_once(rows: pl.DataFrame) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """The records sorted by key and start; of several for one instant the last, flagged if their values differ.

    Also returns how many were left out, and a warning for each instant with different values.
    """
    rows = rows.sort("key", "start", "line", maintain_order=True)
    same_instant = (pl.col("key") == pl.col("key").shift(1)) & (pl.col("start") == pl.col("start").shift(1))
    if not rows.select(again=same_instant.any())["again"][0]:
        return rows, 0, pl.DataFrame(schema=bills.WARNINGS)
    several = rows.group_by("key", "start", maintain_order=True).agg(
        pl.col("value", "flags", "line", "closing").last(), different=pl.col("value").n_unique()
    )
    differ = pl.col("different") > 1
    conflicts = several.filter(differ).select(
        "line",
        detail=pl.format("{} different values for one instant of {}; the last one is stored.", "different", "key"),
    )
    records = several.with_columns(pl.when(differ).then(pl.col("flags") | DUPLICATE).otherwise("flags").alias("flags"))
    return records.select(RECORDS), rows.height - several.height, conflicts
