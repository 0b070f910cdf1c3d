"""Columns of Parquet files, which have types, to the same columns as those of texts."""

import polars as pl

from chalicelib.files.parsed import LOCAL


def text_of_type(given: pl.Series) -> pl.Series:
    """A column as texts; whole numbers, such as ids that were read as floats, without decimals."""
    if given.dtype == pl.String:
        return given
    if given.dtype.is_float():
        whole = pl.DataFrame({"given": given}).select(
            pl.when(pl.col("given") == pl.col("given").round())
            .then(pl.col("given").cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(pl.col("given").cast(pl.String))
        )
        return whole.to_series()
    return given.cast(pl.String, strict=False)


def moments_of_type(given: pl.Series) -> pl.DataFrame:
    """The columns local, instant, date_only and text of dates, or of timestamps with or without a time zone."""
    zoned = isinstance(given.dtype, pl.Datetime) and given.dtype.time_zone is not None
    dates = given.dtype == pl.Date
    known = dates or isinstance(given.dtype, pl.Datetime)
    table = pl.DataFrame({"given": given})
    return table.select(
        local=pl.col("given").cast(LOCAL) if known and not zoned else pl.lit(None, LOCAL),
        instant=pl.col("given").dt.timestamp("us") if zoned else pl.lit(None, pl.Int64),
        date_only=pl.lit(dates),
        text=pl.col("given").cast(pl.String, strict=False),
    )


def numbers_of_type(given: pl.Series) -> pl.DataFrame:
    """The columns number and bad of numbers; NaN is unknown, infinity is bad, as is a type that is no number."""
    if not given.dtype.is_numeric():
        nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, len(given))
        return pl.DataFrame({"number": nothing, "bad": given.is_not_null()})
    number = given.cast(pl.Float64, strict=False).fill_nan(None)
    return pl.DataFrame(
        {"number": number.set(number.is_infinite(), None), "bad": number.is_infinite().fill_null(False)}
    )
