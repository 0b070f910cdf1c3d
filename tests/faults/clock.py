"""A clock that tests move: sleeping moves it, too, so nothing waits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread
from unittest.mock import patch

_real_time, _real_sleep = time.time, time.sleep


class Clock:
    """The seconds by which `time.time` is ahead of the real clock. `time.monotonic` stays real."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """The time in seconds since 1970."""
        return _real_time() + self.ahead

    def advance(self, seconds: float) -> None:
        """Move the clock; a negative number moves it back."""
        self.ahead += seconds

    def sleep(self, seconds: float) -> None:
        """Move the clock instead of waiting, except in MiniStack's own threads, which poll."""
        if current_thread().name.endswith("reaper"):
            _real_sleep(seconds)
        else:
            self.advance(seconds)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Replace this process's clock."""
        with patch("time.time", self.now), patch("time.sleep", self.sleep):
            yield
