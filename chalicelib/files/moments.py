"""Texts of dates and times, as columns, to instants or to the time of a clock."""

import re

import polars as pl

from chalicelib.files.dates import MOMENT, Order, for_polars, likely_format
from chalicelib.files.parsed import LOCAL

_FIRST_YEAR, _LAST_YEAR = 1900, 2199  # as the API
_CENTURY = 69  # of years with two digits: 69 is 1969, 68 is 2068, as in POSIX
_MICROSECONDS_PER_MINUTE = 60_000_000
_MONTHS = {name: number for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)} | {
    "mai": 5, "okt": 10, "dez": 12, "mär": 3,
}  # fmt: skip
_BLOCK = 50_000  # different texts that are parsed at once, which bounds the memory


def moments(texts: pl.Series, order: Order, date_format: str | None) -> pl.DataFrame:
    """The columns local, instant and date_only of texts (null or without blanks around them).

    A text with an offset, or Z, has an `instant` in microseconds since 1970 UTC; one without has a `local` datetime.
    Both are null if the text is null or is no date. 24:00 is the next midnight.
    """
    table = pl.DataFrame({"text": texts})
    if date_format == "%s":
        seconds = pl.col("text").cast(pl.Float64, strict=False)
        instant = (seconds * 1e6).round().cast(pl.Int64, strict=False)
        return table.select(pl.lit(None, LOCAL).alias("local"), _plausible(instant), date_only=False)
    if date_format:
        return _by_format(table, date_format)
    first = texts.drop_nulls().head(1)
    likely = likely_format(first[0], order) if len(first) else None
    if likely is None:
        return _by_pattern(table, order)
    parsed = _by_format(table, likely)
    left = table.filter(parsed["local"].is_null() & parsed["instant"].is_null() & table["text"].is_not_null())
    if left.is_empty():
        return parsed
    others = left.unique()
    known = pl.concat([others, _by_pattern(others, order)], how="horizontal")
    found = table.join(known, on="text", how="left", maintain_order="left", nulls_equal=False)
    failed = parsed["local"].is_null() & parsed["instant"].is_null()
    return pl.DataFrame([found[name].zip_with(failed, parsed[name]) for name in ("local", "instant", "date_only")])


def _by_format(table: pl.DataFrame, date_format: str) -> pl.DataFrame:
    spelled = for_polars(date_format)
    zoned = "%#z" in spelled or "%z" in spelled
    utc = not zoned and re.search(r"%[SMp.f]+\s?(Z|z|UTC|GMT)$", spelled) is not None
    text = pl.col("text")
    date_only = not re.search(r"%[HIMSTRXck]", spelled)
    parsed = (
        text.str.to_datetime(spelled, time_unit="us", strict=False)
        if not date_only
        else text.str.to_date(spelled, strict=False).cast(LOCAL)
    )
    found = table.select(parsed=parsed)
    instant = pl.col("parsed").dt.timestamp("us") if zoned or utc else pl.lit(None, pl.Int64)
    local = pl.lit(None, LOCAL) if zoned or utc else pl.col("parsed")
    year = pl.col("parsed").dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)
    return found.select(
        local=pl.when(year).then(local), instant=pl.when(year).then(instant), date_only=pl.lit(date_only)
    )


def _by_pattern(table: pl.DataFrame, order: Order) -> pl.DataFrame:
    """Each different text once, by the regular expression of all spellings."""
    different = table.select("text").unique().drop_nulls()
    blocks = [
        pl.concat([block, _matched(block, order)], how="horizontal")
        for block in different.iter_slices(_BLOCK)
        if not block.is_empty()
    ]
    if not blocks:
        nothing = {
            "local": pl.lit(None, LOCAL),
            "instant": pl.lit(None, pl.Int64),
            "date_only": pl.lit(None, pl.Boolean),
        }
        return table.with_columns(**nothing).select(*nothing)
    found = table.join(pl.concat(blocks), on="text", how="left", maintain_order="left")
    return found.select("local", "instant", "date_only")


def _matched(table: pl.DataFrame, order: Order) -> pl.DataFrame:
    groups = table.select(pl.col("text").str.extract_groups(MOMENT)).unnest("text")
    first, second = ("second", "first") if order == "dmy" else ("first", "second")
    groups = groups.with_columns(
        pl.when(pl.all().is_not_null() & (pl.all() != "")).then(pl.all())
    )  # a group without a match is null or empty
    name = pl.coalesce("name3", "name4").str.to_lowercase().str.slice(0, 3)
    year = pl.coalesce("y", "y8", "y2", "y3", "y4")
    number = year.cast(pl.Int32)
    century = pl.when(number < _CENTURY).then(2000).otherwise(1900)
    hour = pl.col("hour").cast(pl.Int32).fill_null(0)
    half = pl.col("half").str.slice(0, 1).str.to_lowercase()
    numbers = groups.select(
        pl.when(year.str.len_chars() == 2).then(number + century).otherwise(number).alias("year"),
        pl.coalesce(
            pl.coalesce("m", "m8", *([first] if order != "ymd" else [])).cast(pl.Int32),
            name.replace_strict(_MONTHS, default=None, return_dtype=pl.Int32),
        ).alias("month"),
        pl.coalesce("d", "d8", *([second] if order != "ymd" else []), "d3", "d4").cast(pl.Int32).alias("day"),
        pl.when(half.is_null())
        .then(hour)
        .when(hour.is_between(1, 12))
        .then(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
        .alias("hour"),
        pl.col("minute").cast(pl.Int32).fill_null(0),
        pl.col("second_").cast(pl.Int32).fill_null(0).alias("second"),
        pl.col("fraction").str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int32).fill_null(0).alias("microsecond"),
        _offset(pl.col("zone")).alias("offset"),
        pl.col("zone").is_not_null().alias("zoned"),
        pl.col("hour").is_null().alias("date_only"),
    )
    midnight = (pl.col("hour") == 24) & (pl.col("minute") == 0) & (pl.col("second") == 0) & (pl.col("microsecond") == 0)
    possible = (
        pl.col("year").is_between(_FIRST_YEAR, _LAST_YEAR)
        & pl.col("month").is_between(1, 12)
        & pl.col("day").is_between(1, 31)
        & ((pl.col("hour") < 24) | midnight)
        & (pl.col("minute") < 60)
        & (pl.col("second") < 60)
    )
    numbers = numbers.with_columns(pl.when(possible).then(pl.col("month", "day")), midnight=midnight.fill_null(False))
    date = (
        pl.concat_str(pl.format("{}-{}-{}", "year", "month", "day")).str.to_date("%Y-%m-%d", strict=False).cast(LOCAL)
    )
    seconds = (
        pl.when("midnight").then(86_400).otherwise(pl.col("hour") * 3_600 + pl.col("minute") * 60 + pl.col("second"))
    )
    clock = date + pl.duration(seconds=seconds, microseconds=pl.col("microsecond"))
    instant = clock.dt.timestamp("us") - pl.col("offset") * _MICROSECONDS_PER_MINUTE
    return numbers.select(
        local=pl.when(~pl.col("zoned")).then(clock), instant=pl.when("zoned").then(instant), date_only="date_only"
    )


def _offset(zone: pl.Expr) -> pl.Expr:
    """The minutes of an offset such as -06:00; null if they are impossible."""
    digits = zone.str.replace_all(r"[^0-9]", "").str.pad_end(4, "0")
    minutes = digits.str.slice(0, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(2, 2).cast(
        pl.Int64, strict=False
    )
    signed = pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    return pl.when(zone.str.contains(r"^[+-]")).then(pl.when(minutes < 24 * 60).then(signed)).otherwise(0)


def _plausible(instant: pl.Expr) -> pl.Expr:
    year = pl.from_epoch(instant, "us").dt.year()
    return pl.when(year.is_between(_FIRST_YEAR, _LAST_YEAR)).then(instant).alias("instant")
