"""Texts of numbers."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.files.numbers import Decimal, decimal_of, numbers
from chalicelib.files.options import FileError


def number(text: str | None, decimal: Decimal = ".") -> Any:
    found = numbers(pl.Series([text], dtype=pl.String), decimal)
    return "bad" if found["bad"][0] else found["number"][0]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(".,"))
def test_any_number_is_read_as_it_was_written(value: Any, decimal: Decimal) -> None:
    assert number(repr(value).replace(".", decimal), decimal) == value


@given(
    st.decimals(-(10**9), 10**9, places=2),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ",")]),
)
def test_separators_of_thousands(value: Any, separators: tuple[str, Decimal]) -> None:
    thousands, decimal = separators
    text = f"{value:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)
    assert number(text, decimal) == float(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(1,234.5)", -1234.5),
        ("5-", -5.0),
        ("- 5", -5.0),
        ("+3", 3.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("\u22123", -3.0),
    ],
)
def test_signs(text: str, value: Any) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", [None, "", "-", "--", "N/A", "n/a", "NA", "#N/A", "null", "NULL", "NaN", "none"])
def test_unknown(text: str | None) -> None:
    assert number(text) is None
    assert number(text, ",") is None


@pytest.mark.parametrize(
    "text", ["x", "$5", "1_000", "0x1", "inf", "-Infinity", "1e999", "12,34", "1,23,456", "1 2", "5 kWh"]
)
def test_what_is_no_number(text: str) -> None:
    assert number(text) == "bad"


@pytest.mark.parametrize(
    ("texts", "delimiter", "decimal"),
    [
        (["1.5", "2"], ",", "."),
        (["1,5"], ";", ","),
        (["1.234,5"], ";", ","),
        (["1.234.567"], ";", ","),
        (["0,125", "1,234"], ";", ","),
        (["1,234.5", "1,234"], ",", "."),
        (["987", "1,234"], ",", "."),
        (["1 234,5"], "\t", ","),
        ([], ",", "."),
    ],
)
def test_the_decimal_separator(texts: list[str], delimiter: str, decimal: Decimal) -> None:
    assert decimal_of(texts, delimiter, "kWh") == decimal


def test_an_undecidable_separator_is_refused() -> None:
    with pytest.raises(FileError, match=r'"kWh", such as "1,234".*"decimal": ","'):
        decimal_of(["1,234", "2,345"], ";", "kWh")
