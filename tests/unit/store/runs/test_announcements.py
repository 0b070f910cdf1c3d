"""When the end of a batch is announced, and when a batch is checked again."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.store import events
from chalicelib.store.runs import announcements, batches
from chalicelib.store.runs.batches import BatchCount
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import BatchAnnouncement
from chalicelib.vocabulary import FAILURE_REASONS

BY_REASON = dict.fromkeys(FAILURE_REASONS, 0) | {"data": 1}
ENDED = BatchCount(7, 3, 0, 0, 2, 1, BY_REASON, now(), now())

Sent = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The events that were sent, and last the deletion of the row."""
    found: Sent = []
    monkeypatch.setattr(events, "put", lambda kind, detail: found.append((kind, detail)))
    monkeypatch.setattr(BatchAnnouncement, "get", lambda batch, **_: BatchAnnouncement(batch, due=0))
    monkeypatch.setattr(BatchAnnouncement, "delete", lambda row: found.append(("deleted", {"batch": row.batch})))
    return found


def counts(monkeypatch: pytest.MonkeyPatch, count: BatchCount | None) -> None:
    monkeypatch.setattr(batches, "get", lambda batch: count)


def test_the_row_is_deleted_after_the_event_was_sent(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    counts(monkeypatch, ENDED)
    assert announcements.announce(7)
    detail = {"batch": 7, "total": 3, "success": 2, "failed": 1, "failed_by_reason": BY_REASON}
    assert sent == [("Batch ended", detail), ("deleted", {"batch": 7})]


def test_the_row_stays_if_the_event_is_not_accepted(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    def refuse(kind: str, detail: dict[str, Any]) -> None:
        raise RuntimeError("EventBridge did not accept an event")

    counts(monkeypatch, ENDED)
    monkeypatch.setattr(events, "put", refuse)
    with pytest.raises(RuntimeError, match="did not accept"):
        announcements.announce(7)
    assert sent == []


@pytest.mark.parametrize("state", [None, batches.DELETING])
def test_a_batch_that_is_deleted_has_no_event(monkeypatch: pytest.MonkeyPatch, sent: Sent, state: Any) -> None:
    counts(monkeypatch, None if state is None else BatchCount(7, 0, 0, 0, 0, 0, BY_REASON, now(), now(), state))
    assert not announcements.announce(7)
    assert sent == [("deleted", {"batch": 7})]


def test_nothing_is_sent_twice(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    def missing(batch: int, **_: Any) -> Any:
        raise BatchAnnouncement.DoesNotExist

    monkeypatch.setattr(BatchAnnouncement, "get", missing)
    assert not announcements.announce(7)
    assert sent == []


@pytest.mark.parametrize(("age", "wait"), [(0, 60), (480, 60), (960, 120), (8 * 3600, 3600), (30 * 24 * 3600, 3600)])
def test_an_open_batch_is_checked_the_less_often_the_older_it_is(
    monkeypatch: pytest.MonkeyPatch, age: int, wait: int
) -> None:
    set_to: list[int] = []

    def update(row: BatchAnnouncement, actions: list[Any], condition: Any) -> None:
        set_to.append(int(actions[0].values[1].value["N"]))

    row = BatchAnnouncement(7, due=0, added=now() - timedelta(seconds=age))
    monkeypatch.setattr(BatchAnnouncement, "scan", lambda *_, **__: [row])
    monkeypatch.setattr(BatchAnnouncement, "update", update)
    monkeypatch.setattr(batches, "has_ended", lambda batch: False)
    assert announcements.reconcile() == 0
    assert set_to[0] == pytest.approx(time.time() + wait, abs=3)


def test_one_batch_that_fails_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> None:
    def ended(batch: int) -> bool:
        if batch == 1:
            raise ConnectionError("no answer")
        return True

    counts(monkeypatch, ENDED)
    rows: Callable[..., Any] = lambda *_, **__: [BatchAnnouncement(batch, due=0) for batch in (1, 7)]  # noqa: E731
    monkeypatch.setattr(BatchAnnouncement, "scan", rows)
    monkeypatch.setattr(batches, "has_ended", ended)
    assert announcements.reconcile() == 1
    assert [kind for kind, _ in sent] == ["Batch ended", "deleted"]
