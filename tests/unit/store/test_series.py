import random

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.series import Column, merged

records = st.lists(st.tuples(st.integers(0, 50), st.floats(allow_nan=False), st.booleans()))


def column(rows: list[tuple[int, float, bool]]) -> Column:
    result = Column()
    for row in rows:
        result.append(*row)
    return result


@given(records)
def test_newest_record_of_an_instant_wins(rows: list[tuple[int, float, bool]]) -> None:
    newest = {start: (value, estimated) for start, value, estimated in rows}
    result = merged(column(rows))
    assert list(result.starts) == sorted(newest)
    assert list(zip(result.values, map(bool, result.estimated), strict=True)) == [newest[t] for t in sorted(newest)]


@given(records, records)
def test_folding_first_changes_nothing(old: list[tuple[int, float, bool]], new: list[tuple[int, float, bool]]) -> None:
    folded = merged(column(old))
    folded.extend(column(new))
    assert merged(folded) == merged(column(old + new))


@given(records, st.randoms())
def test_order_of_distinct_instants_does_not_matter(
    rows: list[tuple[int, float, bool]], shuffler: random.Random
) -> None:
    distinct = list({row[0]: row for row in rows}.values())
    shuffled = distinct.copy()
    shuffler.shuffle(shuffled)
    assert merged(column(shuffled)) == merged(column(distinct))


def test_only_the_asked_part_is_kept() -> None:
    rows = [(instant, float(instant), False) for instant in range(10)]
    assert list(merged(column(rows)).between(3, 6).starts) == [3, 4, 5]
