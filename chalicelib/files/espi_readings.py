"""The readings of a Green Button file, from texts to numbers."""

import polars as pl

from chalicelib.files.rejecting import Check, checked

_KEYS = {
    "line": pl.Int64(),
    "block": pl.Int32(),  # the number of the IntervalBlock in the file
    "position": pl.Int32(),  # in the IntervalBlock, from 0
}
TEXTS = pl.Schema(_KEYS | dict.fromkeys(("start", "duration", "value", "quality"), pl.String()))
READINGS = pl.Schema(
    _KEYS
    | {
        "start": pl.Int64(),  # seconds since 1970 UTC; null: it follows from the block's
        "duration": pl.Int64(),  # seconds; null: it is that of the ReadingType
        "value": pl.Float64(),  # before it is scaled; null: unknown
        "quality": pl.Int16(),  # null: it is that of the ReadingType
    }
)
_LAST = 4_102_444_800  # 2100-01-01
_UNUSABLE = {  # of NAESB's QualityOfReading
    10: "The utility marks this reading as questionable (quality 10): it failed a check. It is left out.",
    15: "The utility has normalized this reading for weather (quality 15), so it is not what the meter measured.",
}
ESTIMATED = (8, 9, 12)  # by a reference day, by linear interpolation, and projected


def typed(texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The readings (READINGS) from their texts (TEXTS), and the rejected ones (REJECTED)."""
    names = ("start", "duration", "value", "quality")
    given = {f"{name}_text": pl.when(pl.col(name) != "").then(name) for name in names}
    table = texts.with_columns(**given).with_columns(
        pl.col(f"{name}_text").cast(READINGS[name], strict=False).alias(name) for name in names
    )

    def unreadable(name: str) -> pl.Expr:
        return pl.col(name).is_null() & pl.col(f"{name}_text").is_not_null()

    checks = [
        Check(
            unreadable("start") | ~pl.col("start").is_between(0, _LAST),
            "start",
            pl.col("start_text"),
            "The start is not in seconds since 1970 in UTC, up to the year 2100. Correct it.",
        ),
        Check(
            unreadable("duration") | (pl.col("duration") < 0),
            "duration",
            pl.col("duration_text"),
            "The duration is no number of seconds. Correct it.",
        ),
        Check(
            unreadable("value") | ~pl.col("value").is_finite(),
            "value",
            pl.col("value_text"),
            "This is no number. Correct it, or leave the value out if it is unknown.",
        ),
    ]
    good, rejected = checked(table, checks)
    return good.select(list(READINGS)), rejected


def unusable(quality: str) -> list[Check]:
    """What rejects readings that are no measurements, by the column of their quality."""
    return [Check(pl.col(quality) == code, "quality", pl.col(quality), reason) for code, reason in _UNUSABLE.items()]
