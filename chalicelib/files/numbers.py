"""Texts of numbers, as columns, to numbers."""

import re
from collections.abc import Iterable
from typing import Literal

import polars as pl

from chalicelib.files.options import FileError

Decimal = Literal[".", ","]

UNKNOWN = ("", "-", "--", "n/a", "na", "#n/a", "null", "none", "nan", "nil", ".", "missing", "unknown", "(null)", "\\n")
_GAPS = r"['\u2019\u00a0\u202f\u2009 ]"  # thousands separators that cannot be decimal ones
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_THOUSANDS = r"^([+-]?\d{1,3})((?:,\d{3})+)(\.\d*)?$"
_SPACED = rf"^[+-]?\d{{1,3}}(?:{_GAPS}\d{{3}})+(?:\.\d*)?$"


def decimal_of(texts: Iterable[str], delimiter: str, column: str) -> Decimal:
    """The decimal separator of a sample of numbers. Raises FileError if it is undecidable."""
    given = [re.sub(rf"{_GAPS}|[-+()]", "", text) for text in texts]
    commas = [text for text in given if re.fullmatch(r"[\d.]*,[\d,.]*", text)]
    if not commas:
        several = any(text.count(".") > 1 for text in given if re.fullmatch(r"\d{1,3}(\.\d{3})+", text))
        return "," if several else "."
    decimal = sum(_is_decimal_comma(text) for text in commas)
    thousands = sum(_is_thousands_comma(text) for text in commas)
    if decimal == thousands == 0 and delimiter == "," and any(re.fullmatch(r"\d+(\.\d+)?", text) for text in given):
        return "."
    if decimal == thousands:
        raise FileError(
            f'The numbers in the column "{column}", such as "{commas[0]}", do not show whether the comma separates decimals '
            'or thousands. Give "decimal": "," if it separates decimals, or "decimal": "." if it separates thousands.'
        )
    return "," if decimal > thousands else "."


def numbers(texts: pl.Series, decimal: Decimal) -> pl.DataFrame:
    """The columns number (Float64; null: unknown, or no number) and bad (whether a text is neither) of texts.

    Separators of thousands are removed: `1,234.5`, or `1.234,5` with a decimal comma; also spaces and apostrophes.
    Parentheses and a trailing minus mean a negative number. Blanks, `-`, `N/A`, `null` and `NaN` are unknown.
    """
    table = pl.DataFrame({"text": texts})
    if decimal == ".":
        number = table.select(pl.col("text").cast(pl.Float64, strict=False))["text"]
        number = number.set(~number.is_finite(), None)
    else:
        number = pl.Series([None], dtype=pl.Float64).new_from_index(0, table.height)
    left = number.is_null() & table["text"].is_not_null()
    if not left.any():
        return pl.DataFrame({"number": number, "bad": left})
    others = table.filter(left).unique()
    found = table.join(_general(others, decimal), on="text", how="left", maintain_order="left")
    return pl.DataFrame({"number": found["number"].zip_with(left, number), "bad": found["bad"].fill_null(False) & left})


def _general(table: pl.DataFrame, decimal: Decimal) -> pl.DataFrame:
    text = pl.col("text").str.strip_chars()
    if decimal == ",":
        swapped = text.str.replace_all(".", "\0", literal=True).str.replace_all(",", ".", literal=True)
        text = swapped.str.replace_all("\0", ",", literal=True)
    text = text.str.replace_all("\u2212", "-", literal=True)  # the typographic minus
    text = text.str.replace(r"^\((.+)\)$", "-$1").str.replace(r"^([^-].*)-$", "-$1").str.replace(r"^([+-])\s+", "$1")
    text = pl.when(text.str.contains(_SPACED)).then(text.str.replace_all(_GAPS, "")).otherwise(text)
    text = pl.when(text.str.contains(_THOUSANDS)).then(text.str.replace_all(",", "", literal=True)).otherwise(text)
    number = pl.when(text.str.contains(_PLAIN)).then(text).cast(pl.Float64, strict=False)
    unknown = pl.col("text").str.strip_chars().str.to_lowercase().is_in(UNKNOWN)
    finite = pl.when(number.is_finite()).then(number)
    return table.select("text", number=finite, bad=finite.is_null() & ~unknown)


def _is_decimal_comma(text: str) -> bool:
    return bool(re.fullmatch(r"(\d*|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})|0+,\d+|\d{4,},\d*|\d{1,3}(\.\d{3})+,\d*", text))


def _is_thousands_comma(text: str) -> bool:
    return bool(re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+\.\d*|[1-9]\d{0,2}(,\d{3}){2,}", text))
