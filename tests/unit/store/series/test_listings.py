"""When a process may use a list of chunks that it has in memory."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.store.series import chunks, listings, series
from chalicelib.store.series.series import Column

PREFIX, OTHER = "series/weather/observed/722880/", "series/weather/normal/722880/"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The current time, which can be set."""
    now = [NOON.timestamp()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(listings, "_listings", {})
    return now


@pytest.mark.parametrize(
    ("scheduled", "age", "used"),
    [
        (-6, 0, True),
        (-6, 59, True),
        (-6, 60, False),
        (-6, -1, False),  # the clock was set back
        (-5, 0, False),  # the clocks of the API and the worker may differ
        (-3600, 59, True),
        (1, 2, False),
    ],
)
def test_a_list_is_used_for_a_minute_by_runs_that_were_scheduled_before(
    clock: list[float], scheduled: float, age: float, used: bool
) -> None:
    listings.remember(PREFIX, ["a chunk"], clock[0])
    clock[0] += age
    assert listings.recall(PREFIX, NOON + timedelta(seconds=scheduled)) == (["a chunk"] if used else None)
    assert listings.recall(OTHER, NOON - timedelta(days=1)) is None


def test_lists_that_are_too_old_take_no_memory(clock: list[float]) -> None:
    listings.remember(PREFIX, [], clock[0])
    clock[0] += listings.LIFETIME
    listings.remember(OTHER, [], clock[0])
    assert listings._listings.keys() == {OTHER}


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> dict[str, chunks.Columns]:
    """The chunks of a bucket in memory."""
    stored: dict[str, chunks.Columns] = {}

    def read(keys: list[str]) -> list[chunks.Columns]:
        if not set(keys) <= stored.keys():
            raise chunks.GoneError
        return [stored[key] for key in keys]

    def remove(keys: list[str]) -> None:
        for key in keys:
            del stored[key]

    monkeypatch.setattr(chunks, "keys", lambda prefix: sorted(key for key in stored if key.startswith(prefix)))
    monkeypatch.setattr(chunks, "write", lambda key, columns, **_: stored.update({key: columns}))
    monkeypatch.setattr(chunks, "read", read)
    monkeypatch.setattr(chunks, "remove", remove)
    monkeypatch.setattr(listings, "_listings", {})
    return stored


def column(*values: float) -> Column:
    result = Column()
    for instant, value in enumerate(values):
        result.append(instant, value)
    return result


def recalled() -> list[float] | None:
    found = series.recall(PREFIX, since=datetime.now(UTC) - timedelta(seconds=10))
    return None if found is None else list(found.values)


def test_only_a_shared_read_is_remembered_and_others_do_not_see_what_is_added(
    stored: dict[str, chunks.Columns],
) -> None:
    series.append(PREFIX, column(1.0))
    series.read(PREFIX)
    assert recalled() is None
    series.read(PREFIX, share=True)
    assert recalled() == [1.0]
    stored[PREFIX + chunks.new_name()] = {
        "starts": column(2.0).starts,
        "values": column(2.0).values,
        "estimated": column(2.0).flags,
    }  # by another process
    assert recalled() == [1.0]
    assert list(series.read(PREFIX).values) == [2.0]


def test_a_process_sees_what_it_writes(stored: dict[str, chunks.Columns]) -> None:
    series.append(PREFIX, column(1.0))
    for write in (series.append, series.replace):
        series.read(PREFIX, share=True)
        assert recalled() is not None
        write(PREFIX, column(3.0))
        assert recalled() is None
        assert list(series.read(PREFIX, share=True).values) == [3.0]


def test_a_compaction_is_a_write(stored: dict[str, chunks.Columns], monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(series.COMPACT_ABOVE + 1):
        series.append(PREFIX, column(float(number)))
    monkeypatch.setattr(series, "SETTLED_AFTER", -60)
    series.read(PREFIX, share=True)
    assert len(stored) == 1
    assert recalled() is None


def test_a_list_whose_chunks_are_gone_is_not_used(stored: dict[str, chunks.Columns]) -> None:
    series.append(PREFIX, column(1.0))
    series.read(PREFIX, share=True)
    series._shared.cache_clear()
    stored.clear()
    assert recalled() is None


def test_a_chunk_that_replaces_others_hides_them_and_is_not_merged(
    stored: dict[str, chunks.Columns], monkeypatch: pytest.MonkeyPatch
) -> None:
    series.append(PREFIX, column(1.0, 1.0))
    monkeypatch.setattr(chunks, "remove", lambda keys: None)  # the request dies before it removes them
    series.replace(PREFIX, column(2.0))
    assert list(series.read(PREFIX).values) == [2.0]
    for number in range(series.COMPACT_ABOVE + 1):
        series.append(PREFIX, column(float(number)))
    monkeypatch.setattr(series, "SETTLED_AFTER", -60)
    merging = series.to_merge(chunks.current(chunks.keys(PREFIX)))
    assert len(merging) == series.COMPACT_ABOVE + 1
    assert not any(map(chunks.is_whole, merging))
