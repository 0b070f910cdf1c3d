"""The names of chunks sort by age."""

import time

from chalicelib.store.series import chunks


def test_a_merged_chunk_sorts_between_those_that_it_replaces_and_later_ones() -> None:
    older = chunks.new_name()
    time.sleep(0.001)
    newer = chunks.new_name()
    for ending in ("", "abc"):
        assert older < chunks.name_after(older, ending) < newer


def test_a_name_says_when_it_was_given() -> None:
    before = time.time_ns() // 1000
    assert before <= chunks.time_of("series/traces/1/" + chunks.new_name()) <= time.time_ns() // 1000


def test_the_newest_chunk_that_replaces_others_is_the_first_current_one() -> None:
    one, other, last = (f"{number:017d}-a" for number in range(3))
    assert chunks.current([]) == []
    assert chunks.current([one, other]) == [one, other]
    assert chunks.current([one, other + chunks.WHOLE, last]) == [other + chunks.WHOLE, last]
    assert chunks.current([one + chunks.WHOLE, other + chunks.WHOLE]) == [other + chunks.WHOLE]
    assert not chunks.is_whole(chunks.new_name())
    assert chunks.is_whole(chunks.new_name(whole=True))
