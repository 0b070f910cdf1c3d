"""A limit stops a computation, also one that tolerates errors, and leaves no alarm behind."""

import signal
import threading
import time
from contextlib import suppress

import pytest

from chalicelib.jobs import time_limit

LIMIT = 0.05


def _work(seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@pytest.fixture(autouse=True)
def _alarms_repeat_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "REPEAT", LIMIT)


def test_a_computation_is_stopped_at_its_limit() -> None:
    began = time.monotonic()
    with pytest.raises(time_limit.Expired), time_limit.of(LIMIT):
        _work()
    assert time.monotonic() - began < 5


def test_a_computation_within_its_limit_is_not_disturbed() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit.of(60):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 50
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_error_within_the_limit_stays_itself() -> None:
    with pytest.raises(ValueError, match="mine"), time_limit.of(60):
        raise ValueError("mine")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_computation_that_tolerates_errors_is_stopped() -> None:
    def tolerant() -> None:
        with suppress(Exception):
            _work()
        _work()

    with pytest.raises(time_limit.Expired), time_limit.of(LIMIT):
        tolerant()


def test_a_computation_that_catches_everything_once_is_stopped_by_the_next_alarm() -> None:
    def stubborn() -> None:
        with suppress(BaseException):
            _work()
        _work()

    began = time.monotonic()
    with pytest.raises(time_limit.Expired), time_limit.of(LIMIT):
        stubborn()
    assert time.monotonic() - began < 5


def test_the_result_of_a_computation_that_caught_the_alarm_is_void() -> None:
    def stubborn() -> None:
        with suppress(BaseException):
            _work()

    with pytest.raises(time_limit.Expired), time_limit.of(LIMIT):
        stubborn()


def test_an_error_that_replaces_the_alarm_counts_as_expired() -> None:
    def replaced() -> None:
        try:
            _work()
        except time_limit.Expired:
            raise RuntimeError("forced stop") from None

    with pytest.raises(time_limit.Expired) as raised, time_limit.of(LIMIT):
        replaced()
    assert str(raised.value.__cause__) == "forced stop"


def test_no_alarm_follows_an_expired_limit() -> None:
    with pytest.raises(time_limit.Expired), time_limit.of(LIMIT):
        _work()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    _work(3 * LIMIT)


def test_there_is_no_limit_outside_the_main_thread_or_if_none_is_given() -> None:
    done: list[str] = []

    def compute() -> None:
        with time_limit.of(LIMIT):
            _work(3 * LIMIT)
        done.append("thread")

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    with time_limit.of(None):
        done.append("none")
    assert done == ["thread", "none"]
