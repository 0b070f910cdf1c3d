"""The heartbeat renews a lease until its block ends, whatever a renewal does."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.store.runs import claims, heartbeat
from chalicelib.store.tables.runs import MeterRun

RUN = MeterRun(id=7, claim="ours", status="RUNNING")


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[tuple[int, str]]]]:
    """Makes renewals return or raise the given outcomes, and then True; the list records their arguments."""
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.01)

    def give(*outcomes: bool | Exception) -> list[tuple[int, str]]:
        calls: list[tuple[int, str]] = []
        left = list(outcomes)

        def renew(id: int, claim: str) -> bool:
            calls.append((id, claim))
            outcome = left.pop(0) if left else True
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(claims, "renew", renew)
        return calls

    yield give
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat-7"]


def _wait_for(calls: list[tuple[int, str]], count: int) -> None:
    end = time.monotonic() + 10
    while len(calls) < count:
        assert time.monotonic() < end, f"{len(calls)} renewals"
        time.sleep(0.001)


def test_the_lease_is_renewed_inside_the_block_and_not_after_it(beats: Callable[..., list[tuple[int, str]]]) -> None:
    calls = beats()
    with heartbeat.of(RUN):
        _wait_for(calls, 3)
    count = len(calls)
    time.sleep(0.05)
    assert len(calls) == count
    assert set(calls) == {(7, "ours")}


def test_it_renews_the_claim_that_the_worker_had_even_if_the_run_has_changed(
    beats: Callable[..., list[tuple[int, str]]],
) -> None:
    calls = beats()
    run = MeterRun(id=7, claim="ours", status="RUNNING")
    with heartbeat.of(run):
        run.claim = None
        _wait_for(calls, 1)
    assert calls[-1] == (7, "ours")


def test_a_renewal_that_fails_is_logged_and_tried_again(
    beats: Callable[..., list[tuple[int, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[int] = []
    monkeypatch.setattr(heartbeat.logger, "exception", lambda message, meter_run: logged.append(meter_run))
    calls = beats(ConnectionError("no network"), RuntimeError("throttled"))
    with heartbeat.of(RUN):
        _wait_for(calls, 4)
    assert logged == [7, 7]


def test_it_stops_when_the_claim_is_lost(beats: Callable[..., list[tuple[int, str]]]) -> None:
    calls = beats(True, False)
    with heartbeat.of(RUN):
        _wait_for(calls, 2)
        time.sleep(0.05)
    assert len(calls) == 2


def test_it_stops_when_the_block_raises(beats: Callable[..., list[tuple[int, str]]]) -> None:
    beats()
    with pytest.raises(KeyboardInterrupt), heartbeat.of(RUN):
        raise KeyboardInterrupt


def test_a_lease_outlasts_two_missed_renewals_and_is_taken_over_within_two_minutes() -> None:
    slowest = 10  # seconds of a renewal that DynamoDB answers late
    assert 3 * heartbeat.INTERVAL + slowest <= claims.LEASE
    assert claims.LEASE + 60 < 120  # the reconciler runs every minute
