"""A limit on the time of a computation, which stops it wherever it is."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

REPEAT = 1.0  # seconds to the next alarm, if the computation caught the exception of the last one


class Expired(BaseException):
    """The time is over. Not an Exception: a computation that tolerates errors must not catch it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not done after {seconds:g} seconds")
        self.seconds = seconds


@contextmanager
def of(seconds: float | None) -> Iterator[None]:
    """Raise Expired when the block is not done after this many seconds; without a limit outside the main thread.

    Whatever the block does after an alarm is void, whether it returns or raises: NLopt, for example, replaces the
    exception with its own. Code in C is interrupted only when it calls Python or returns.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    expired = False

    def expire(signum: int, frame: FrameType | None) -> None:
        nonlocal expired
        expired = True
        raise Expired(seconds)

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Exception as error:
        if expired:
            raise Expired(seconds) from error
        raise
    finally:  # once more: the alarm may have preceded the first one
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    if expired:
        raise Expired(seconds)
