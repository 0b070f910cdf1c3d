"""Jobs run in parallel, within limits."""

import threading
import time
from functools import partial

import pytest

from datastore_client.concurrency import in_parallel


def test_results_are_in_the_order_of_the_jobs() -> None:
    def job(index: int) -> int:
        time.sleep(0.01 * (3 - index))
        return index

    assert in_parallel([partial(job, index) for index in range(4)], 4) == [0, 1, 2, 3]
    assert in_parallel([], 4) == []


def test_no_more_run_at_a_time_than_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    in_parallel([job] * 20, 3)
    assert most == 3


def test_the_first_error_is_raised_at_once_and_starts_no_more() -> None:
    started = []

    def job(index: int) -> None:
        started.append(index)
        if index == 1:
            raise ValueError("broken")
        time.sleep(0.05)

    with pytest.raises(ValueError, match="broken"):
        in_parallel([partial(job, index) for index in range(100)], 2)
    time.sleep(0.1)
    assert len(started) < 10
