import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.series import chunks, series
from chalicelib.store.series.npz import Array, pack
from chalicelib.store.series.series import DUPLICATE, ESTIMATED, Column, merged

FLAGS = st.sampled_from([0, ESTIMATED, DUPLICATE, ESTIMATED | DUPLICATE])
records = st.lists(st.tuples(st.integers(0, 50), st.floats(allow_nan=False), FLAGS))


def column(rows: list[tuple[int, float, int]]) -> Column:
    result = Column()
    for row in rows:
        result.append(*row)
    return result


@given(records)
def test_the_newest_record_of_an_instant_wins(rows: list[tuple[int, float, int]]) -> None:
    newest = {start: (value, flags) for start, value, flags in rows}
    result = merged(column(rows))
    assert list(result.starts) == sorted(newest)
    assert list(zip(result.values, result.flags, strict=True)) == [newest[t] for t in sorted(newest)]


@given(records, records)
def test_compaction_does_not_change_the_merged_series(
    old: list[tuple[int, float, int]], new: list[tuple[int, float, int]]
) -> None:
    compacted = merged(column(old))
    compacted.extend(column(new))
    assert merged(compacted) == merged(column(old + new))


@given(records, st.randoms())
def test_the_order_of_distinct_instants_does_not_matter(
    rows: list[tuple[int, float, int]], shuffler: random.Random
) -> None:
    distinct = list({row[0]: row for row in rows}.values())
    shuffled = distinct.copy()
    shuffler.shuffle(shuffled)
    assert merged(column(shuffled)) == merged(column(distinct))


def test_between_returns_only_the_requested_records() -> None:
    rows = [(instant, float(instant), 0) for instant in range(10)]
    assert list(merged(column(rows)).between(3, 6).starts) == [3, 4, 5]


def test_a_chunk_from_before_duplicates_were_flagged_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    old: dict[str, Array] = {
        "starts": array("q", [0, 1]),
        "values": array("d", [1.5, 2.5]),
        "estimated": array("B", [1, 0]),
    }
    monkeypatch.setattr(chunks, "keys", lambda prefix: ["series/traces/1/00000000000000001-a.npz"])
    monkeypatch.setattr(chunks, "_body", lambda key: pack(old))
    assert series.read("series/traces/1/") == column([(0, 1.5, ESTIMATED), (1, 2.5, 0)])


def test_a_read_without_compaction_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one: dict[str, Array] = {"starts": array("q", [0]), "values": array("d", [1.5]), "estimated": array("B", [0])}
    names = [f"series/traces/1/{number:017d}-a.npz" for number in range(series.COMPACT_ABOVE + 1)]
    written: list[str] = []
    removed: list[str] = []
    monkeypatch.setattr(chunks, "keys", lambda prefix: names)
    monkeypatch.setattr(chunks, "_body", lambda key: pack(one))
    monkeypatch.setattr(chunks, "write", lambda key, columns, **conditions: written.append(key))
    monkeypatch.setattr(chunks, "remove", removed.extend)
    assert series.read("series/traces/1/", compact=False) == column([(0, 1.5, 0)])
    assert not written
    assert not removed
    assert series.read("series/traces/1/") == column([(0, 1.5, 0)])
    assert written
    assert removed == names
