"""From the temperatures of a bucket to the records of each station, in °F and in UTC."""

from collections.abc import Iterator

import polars as pl

from chalicelib.files import times
from chalicelib.files.records import RECORDS, Prepared, each_instant_once
from chalicelib.files.rejecting import Check, checked
from chalicelib.vocabulary import TEMPERATURE_LIMITS

STATION = r"^[0-9A-Z]{6}$"  # as in the API
SEPARATOR = "/"  # between dataset and station


def prepare(rows: pl.DataFrame, timezone: str | None) -> Prepared:
    """The temperatures in °F, with the dataset and the station as `key`. timezone: of local times; None: UTC.

    Rows without a temperature are left out, as hours without an observation are in the API.
    """
    rows, resolved_not = times.resolve(rows.filter(pl.col("value").is_not_null()), {}, timezone or "UTC")
    unit, value = pl.col("unit").fill_null("F"), pl.col("value")
    checks = [
        Check(
            ~pl.col("key").str.contains(STATION), "station", pl.col("key"), "A station is a USAF id of six characters."
        ),
        Check(
            ~pl.col("dataset").is_in(["observed", "normal"]),
            "dataset",
            pl.col("dataset"),
            "The dataset is neither observed nor normal.",
        ),
        Check(~unit.is_in(["F", "C"]), "unit", unit, "The unit is neither F nor C."),
        *(
            Check(
                (unit == name) & ~value.is_between(coldest, hottest),
                "temperature",
                value,
                f"A temperature is between {coldest:g} and {hottest:g} °{name}. Leave out the hours without an "
                "observation, which often have a sentinel value such as 999.9; give another unit, if it is one.",
            )
            for name, (coldest, hottest) in TEMPERATURE_LIMITS.items()
        ),
    ]
    rows, rejected = checked(rows, checks)
    found = rows.with_columns(
        key=pl.col("dataset") + SEPARATOR + pl.col("key"),
        value=pl.when(unit == "C").then(value * 1.8 + 32.0).otherwise(value),
        flags=pl.lit(0, pl.UInt8),
        closing=pl.lit(False),
    ).select(RECORDS)
    records, repeated, _ = each_instant_once(found)
    records = records.with_columns(flags=pl.lit(0, pl.UInt8))  # temperatures have none
    return Prepared(
        records,
        pl.concat([resolved_not, rejected]).sort("line", maintain_order=True),
        repeated,
        [],
    )


def by_series(records: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """The records of each dataset and station."""
    for (key,), found in records.partition_by("key", as_dict=True, maintain_order=True, include_key=False).items():
        dataset, _, station = str(key).partition(SEPARATOR)
        yield (dataset, station), found
