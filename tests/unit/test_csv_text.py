"""CSV text: what csv.reader reads back, and what no spreadsheet program takes for a formula."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_text import FORMULA_STARTS, cell, guarded, lines

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(TEXTS)
def test_no_text_is_a_formula_and_none_is_lost(text: str) -> None:
    safe = guarded(text)
    assert not safe.startswith(FORMULA_STARTS)
    assert safe in (text, f"'{text}")
    assert (safe != text) == text.startswith(FORMULA_STARTS)


@given(st.lists(st.lists(TEXTS | st.integers() | st.none(), min_size=2, max_size=4)))
def test_every_row_is_read_back(rows: list[list[Any]]) -> None:
    read = list(csv.reader(io.StringIO(lines(rows), newline="")))
    shown = [
        ["" if value is None else guarded(value) if isinstance(value, str) else str(value) for value in row]
        for row in rows
    ]
    assert read == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, "true"),
        (-5, -5),
        (-0.5, -0.5),
        ("-5", "'-5"),
        ("@home", "'@home"),
        ([1, 2], "1;2"),
        (["a", None], "a;"),
        (["=a", "b"], "'=a;b"),
        ([], ""),
        ({"a": [1]}, '{"a":[1]}'),
        ([{"a": 1}], '[{"a":1}]'),
    ],
)
def test_values_are_shown_as_documented(value: Any, shown: Any) -> None:
    assert cell(value) == shown


@given(st.dictionaries(TEXTS, TEXTS | st.integers()))
def test_objects_are_json(value: dict[str, Any]) -> None:
    assert json.loads(str(cell(value))) == value


def test_lines_end_as_in_rfc_4180() -> None:
    assert lines([["a", "b"], ['c"', "d\ne"]]) == 'a,b\r\n"c""","d\ne"\r\n'
