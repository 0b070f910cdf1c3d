"""A clock that tests move: sleeping moves it, too, so nothing waits, and nothing depends on how long the tests take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread
from unittest.mock import patch

TICK = 0.001  # seconds that pass each time that somebody looks

_real_sleep = time.sleep


class Clock:
    """The time in seconds since 1970. `time.monotonic` only ticks: a process does not know how late it is."""

    def __init__(self) -> None:
        self._now = time.time()
        self._monotonic = 0.0

    def now(self) -> float:
        """The time in seconds since 1970."""
        self._now += TICK
        return self._now

    def now_ns(self) -> int:
        """The same in nanoseconds."""
        return int(self.now() * 1e9)

    def monotonic(self) -> float:
        """The seconds since some moment."""
        self._monotonic += TICK
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move the clock; a negative number moves it back."""
        self._now += seconds

    def sleep(self, seconds: float) -> None:
        """Move the clock instead of waiting, except in MiniStack's own threads, which poll."""
        if current_thread().name.endswith("reaper"):
            _real_sleep(seconds)
        else:
            self.advance(seconds)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Replace this process's clock."""
        with (
            patch("time.time", self.now),
            patch("time.time_ns", self.now_ns),
            patch("time.monotonic", self.monotonic),
            patch("time.sleep", self.sleep),
        ):
            yield
