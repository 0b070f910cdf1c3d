"""Series whose chunks are named or remembered: whatever others do at any call, no record is missed or shown twice."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.store.collections import trace_series, traces
from chalicelib.store.series import series
from tests.faults.backend import STACK
from tests.faults.preparing import CHUNKS, column, forget_chunks
from tests.faults.world import World

Kind = Callable[[World, int], None]
LIST = "ListObjectsV2"


def post(world: World, trace: int, number: int) -> None:
    """Post a record, whose value is its number."""
    record = {"trace": trace, "start": f"2016-01-01T00:{number // 60:02}:{number % 60:02}Z", "value": float(number)}
    answer = world.api("POST", "trace_records/", [record])
    assert answer is not None
    assert answer.status == 201, answer


def values(world: World, trace: int) -> list[float]:
    answer = world.api("GET", f"trace_records/?trace={trace}&limit=1000")
    assert answer is not None
    return [one["value"] for one in answer.body]


def few_chunks(world: World, trace: int) -> None:
    """A trace that names its two chunks."""
    for number in range(2):
        post(world, trace, number)


def many_chunks(world: World, trace: int) -> None:
    """A trace whose chunks the next reader merges."""
    for number in range(CHUNKS):
        post(world, trace, number)
    world.clock.advance(2 * series.SETTLED_AFTER)


def too_many_chunks(world: World, trace: int) -> None:
    """A trace with more chunks than it can name."""
    for number in range(trace_series.MAX_NAMES + 1):
        post(world, trace, number)


def older(kind: Kind) -> Kind:
    """The same for a trace of an earlier version, which named no chunks."""

    def prepare(world: World, trace: int) -> None:
        kind(world, trace)
        forget_chunks(world, trace)

    prepare.__name__ = f"older_{kind.__name__}"
    return prepare


KINDS = [few_chunks, many_chunks, too_many_chunks, older(few_chunks), older(many_chunks)]


@pytest.fixture
def new_trace(world: World) -> Callable[[], int]:
    """Creates a trace."""
    created = iter(range(1000))

    def create() -> int:
        body = {"trace_id": f"meter {next(created)}", "interpretation": "NG_C_S", "unit": "therm"}
        return int(world.asked("POST", "traces/", body).body["id"])

    return create


def at_each_call(
    world: World, prepare: Callable[[], int], act: Callable[[int], Any], others: Callable[[int], Any]
) -> list[int]:
    """Act on a new trace each time, while others do something one call later than the last time. Returns the traces."""
    acted: list[int] = []
    while True:
        trace, remaining = prepare(), len(acted)

        def interfere(trace: int = trace) -> None:
            nonlocal remaining
            if remaining == 0:
                others(trace)
            remaining -= 1

        world.injector.at_every_call = interfere
        act(trace)
        world.injector.at_every_call = None
        if remaining >= 0:  # there were fewer calls than that
            return acted
        acted.append(trace)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("reading", [True, False], ids=["post while reading", "read while posting"])
def test_no_record_is_missed(
    world: World, holds: Callable[[], None], new_trace: Callable[[], int], kind: Kind, reading: bool
) -> None:
    known: dict[int, list[float]] = {}

    def prepare() -> int:
        trace = new_trace()
        kind(world, trace)
        known[trace] = values_of_chunks(trace)
        return trace

    def write(trace: int) -> None:
        post(world, trace, 100)

    def read(trace: int) -> None:
        values(world, trace)

    acted = at_each_call(world, prepare, *((read, write) if reading else (write, read)))
    assert len(acted) > 3
    for trace in acted:
        for _ in range(2):  # as it was listed, and as it was recorded
            assert values(world, trace) == [*known[trace], 100.0]
    holds()


def values_of_chunks(trace: int) -> list[float]:
    """The values of a trace's listed chunks; nothing is recorded."""
    return list(series.read(series.trace_prefix(trace), compact=False).values)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_changed_trace_keeps_its_chunks_and_records_do_not_stop_the_change(
    world: World, holds: Callable[[], None], calls: list[str], new_trace: Callable[[], int], kind: Kind
) -> None:
    known: dict[int, list[float]] = {}

    def prepare() -> int:
        trace = new_trace()
        kind(world, trace)
        known[trace] = values_of_chunks(trace)
        return trace

    def change(trace: int) -> None:
        before = len(calls)
        answer = world.api("PATCH", f"traces/{trace}/", {"unit": "Wh", "interpretation": "E_C_S"})
        assert answer is not None
        assert answer.status == 200
        assert calls[before:].count("TransactWriteItems") == 1  # it was not repeated

    for trace in at_each_call(world, prepare, change, lambda trace: post(world, trace, 100)):
        stored = traces.get(trace)
        assert stored is not None
        assert stored.unit == "KWH"
        assert len(values(world, trace)) == len(known[trace]) + 1
    holds()


def test_a_trace_is_read_without_a_list(world: World, calls: list[str], new_trace: Callable[[], int]) -> None:
    trace = new_trace()
    assert values(world, trace) == []
    post(world, trace, 1)
    assert values(world, trace) == [1.0]
    assert LIST not in calls
    forget_chunks(world, trace)
    post(world, trace, 2)
    for _ in range(3):
        assert values(world, trace) == [1.0, 2.0]
    assert calls.count(LIST) == 1


def test_a_named_chunk_that_is_gone_is_not_named_any_more(world: World, new_trace: Callable[[], int]) -> None:
    trace = new_trace()
    for number in range(3):
        post(world, trace, number)
    stored = traces.get(trace)
    assert stored is not None
    first, *rest = trace_series.names(stored) or []
    world.raw["s3"].delete_object(Bucket=STACK, Key=series.trace_prefix(trace) + first)
    assert values(world, trace) == [1.0, 2.0]
    healed = traces.get(trace)
    assert healed is not None
    assert trace_series.names(healed) == rest


def test_a_late_name_of_a_chunk_that_was_merged_is_not_recorded(
    world: World, holds: Callable[[], None], new_trace: Callable[[], int]
) -> None:
    trace = new_trace()
    many_chunks(world, trace)
    stored = traces.get(trace)
    assert stored is not None
    first, *_ = trace_series.names(stored) or []
    expected = values(world, trace)  # merges the chunks
    assert trace_series._add_name(trace, first)
    assert values(world, trace) == expected
    holds()


def test_names_can_be_forgotten(world: World, calls: list[str], new_trace: Callable[[], int]) -> None:
    named, empty = new_trace(), new_trace()
    post(world, named, 1)
    series.append(series.trace_prefix(named), column(2.0))  # as an earlier version does
    series.append(series.trace_prefix(empty), column(3.0))
    assert (values(world, named), values(world, empty)) == ([1.0], [])
    trace_series.forget_names()
    for _ in range(2):
        assert sorted(values(world, named)) == [1.0, 2.0]
        assert values(world, empty) == [3.0]
    assert calls.count(LIST) == 2
