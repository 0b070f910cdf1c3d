"""Green Button files (the Energy Services Provider Interface of NAESB, REQ.21) to traces and their readings.

No maintained Python library reads them. `timePeriod` is in seconds since 1970 in UTC, as the standard says; the
LocalTimeParameters only tell how to show it, so they are not needed.
"""

from collections.abc import Iterator, Sequence
from typing import IO

import polars as pl

from chalicelib.files import espi_xml
from chalicelib.files.espi_meters import Meter, meters
from chalicelib.files.espi_readings import ESTIMATED, unusable
from chalicelib.files.espi_xml import Feed
from chalicelib.files.options import Options
from chalicelib.files.parsed import LOCAL, TRACE_RECORDS, Parsed, no_rejected, rejected
from chalicelib.files.rejecting import Check, checked

_MICROSECONDS = 1_000_000
_FIELDS = pl.Struct({name: pl.String() for name in ("trace_id", "interpretation", "unit", "readings")})
_TRACES = pl.Schema({"line": pl.Int64(), "key": pl.String(), "fields": _FIELDS})


def records(file: IO[bytes], options: Options) -> Iterator[Parsed]:
    """The readings of a file, in blocks of up to 200,000, of which there is at least one. Raises FileError.

    file: only `read` is called. Values are in the unit of their row.
    """
    feed = espi_xml.read(file, readings=True)
    blocks = _blocks(feed, meters(feed, options))
    if not feed.readings:
        yield Parsed(pl.DataFrame(schema=TRACE_RECORDS), no_rejected(), 0)
    while feed.readings:
        readings, unreadable = feed.readings.pop(0), feed.rejected.pop(0)
        rows, unfit = _rows(readings, blocks)
        refused = pl.concat([unreadable, unfit]).sort("line", maintain_order=True)
        yield Parsed(rows, refused, readings.height + unreadable.height)


def traces(file: IO[bytes], options: Options) -> Parsed:
    """The traces that the readings of a file are of: one per UsagePoint and direction of flow. Raises FileError."""
    feed = espi_xml.read(file, readings=False)
    found = dict[str, tuple[int, str, dict[str, str | None]]]()
    problems = dict[tuple[str, str, str], tuple[int, str, str, str]]()
    for number, meter in enumerate(meters(feed, options)):
        if number not in feed.with_readings:
            continue
        if meter.problem is not None:
            if not meter.key:
                problems.setdefault((meter.problem), (meter.line, *meter.problem))
            continue
        fields = {
            "trace_id": meter.key,
            "interpretation": meter.interpretation or options.interpretation,
            "unit": meter.unit,
            "readings": "register" if meter.register else None,
        }
        found.setdefault(meter.key, (meter.line, meter.key, fields))
    rows = pl.DataFrame(list(found.values()), schema=_TRACES, orient="row")
    return Parsed(rows, rejected(list(problems.values())), len(found) + len(problems))


def _blocks(feed: Feed, found: Sequence[Meter]) -> pl.DataFrame:
    """What the readings of each block need, by its number."""
    rows = []
    for number, (block, meter) in enumerate(zip(feed.blocks, found, strict=True)):
        problem = meter.problem or (None, None, None)
        power = 0 if meter.problem else meter.power
        scale = (10.0 ** max(power, 0), 10.0 ** max(-power, 0))  # powers of ten are exact up to 1e22
        only = number in feed.with_one_reading
        given = (_seconds(block.fields.get("start")), _seconds(block.fields.get("duration")) if only else None)
        rows.append(
            (number, meter.key, meter.unit, *scale, meter.register, meter.length, meter.quality, *given, *problem)
        )
    schema = {
        "block": pl.Int32, "key": pl.String, "unit": pl.String, "times": pl.Float64, "over": pl.Float64,
        "register": pl.Boolean, "length": pl.Int64, "default_quality": pl.Int64, "block_start": pl.Int64,
        "block_duration": pl.Int64, "element": pl.String, "text": pl.String, "reason": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else None


def _rows(readings: pl.DataFrame, blocks: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows (TRACE_RECORDS) and the rejected rows of some readings."""
    table = readings.join(blocks, on="block", how="left", maintain_order="left").with_columns(
        start=pl.coalesce(
            "start",
            pl.when(pl.col("position") == 0).then("block_start"),
            pl.col("block_start") + pl.col("position") * pl.col("length"),
        ),
        duration=pl.coalesce("duration", "length", "block_duration"),
        quality=pl.coalesce("quality", "default_quality"),
    )
    elements = table["element"].drop_nulls().unique(maintain_order=True)
    problems = [Check(pl.col("element") == name, name, pl.col("text"), pl.col("reason")) for name in elements]
    no_start = Check(pl.col("start").is_null(), "start", pl.lit(""), "The reading has no start. Give it one.")
    good, refused = checked(table, [*problems, no_start, *unusable("quality")])
    lasts = ~pl.col("register") & (pl.col("duration") > 0)
    rows = good.select(
        "line",
        "key",
        by_id=pl.lit(False),
        local=pl.lit(None, LOCAL),
        elapsed=pl.lit(None, pl.Int64),
        instant=pl.col("start") * _MICROSECONDS,
        date_only=pl.lit(False),
        end_local=pl.lit(None, LOCAL),
        end_instant=pl.when(lasts).then((pl.col("start") + pl.col("duration")) * _MICROSECONDS),
        end_date_only=pl.lit(False),
        value=pl.col("value") * pl.col("times") / pl.col("over"),
        estimated=pl.col("quality").is_in(ESTIMATED),
        unit="unit",
    )
    return rows, refused
