from typing import Any

from chalicelib.metering.inputs.shared import KEPT, once


def test_results_for_tuples_are_kept_by_identity_and_options() -> None:
    calls: list[tuple[Any, ...]] = []
    cached = once(lambda *given: calls.append(given))
    records, equal = (("a", 1.0),), (("a", 1),)
    for given in ((records,), (records,), (records, "F"), (equal,)):
        cached(*given)
    assert calls == [(records,), (records, "F"), (equal,)]


def test_records_that_can_change_are_read_again() -> None:
    cached = once(lambda records: list(records[0]))
    for records in ([["a", 1.0]], (["a", 1.0],)):
        assert cached(records) == ["a", 1.0]
        records[0][1] = 2.0
        assert cached(records) == ["a", 2.0]


def test_only_the_newest_results_are_kept() -> None:
    calls: list[Any] = []
    cached = once(calls.append)
    different = [(("a", float(number)),) for number in range(KEPT + 1)]
    for records in (*different, different[1], different[0]):
        cached(records)
    assert calls == [*different, different[0]]
