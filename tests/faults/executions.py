"""Threads one at a time: an execution of MiniStack's Step Functions runs until it waits, and on when it is driven."""

import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import Semaphore, Thread, current_thread
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from tests.faults.clock import Clock

RETRIES = 5  # of the step that returns a task token; MiniStack ignores its errors, while AWS retries it


class _Turn:
    """A thread that runs only while another one waits for it."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.ended, self.running = False, False
        self.is_ready: Callable[[], bool] = lambda: True
        self._go, self._back = Semaphore(0), Semaphore(0)
        self.thread = Thread(target=self._run, args=(work,), daemon=True)

    def _run(self, work: Callable[[], None]) -> None:
        self._go.acquire()
        try:
            work()
        finally:
            self.ended = True
            self._back.release()

    def drive(self) -> None:
        """Let the thread run until it waits or ends."""
        self.running = True
        if not self.thread.is_alive():
            self.thread.start()
        self._go.release()
        self._back.acquire()
        self.running = False

    def wait(self, is_ready: Callable[[], bool]) -> None:
        """Called in the thread: wait until it is driven again, which happens once it is ready."""
        self.is_ready = is_ready
        self._back.release()
        self._go.acquire()


class Executions:
    """The executions of the state machines. `invoke` calls a step by the name of its function."""

    def __init__(self, clock: Clock, invoke: Callable[[str, Any], Any]) -> None:
        self._clock, self._invoke = clock, invoke
        self._turns: list[_Turn] = []

    @property
    def open(self) -> bool:
        """Whether any execution has not ended."""
        return any(not turn.ended for turn in self._turns)

    def drive(self) -> bool:
        """Let every execution that can go on do so; returns whether there was any."""
        driven = False
        for turn in list(self._turns):
            if not (turn.ended or turn.running) and turn.is_ready():  # a nested call may have driven it already
                turn.drive()
                driven = True
        return driven

    @contextmanager
    def running(self) -> Iterator[None]:
        """Replace the threads and waits of MiniStack's Step Functions."""
        from ministack.services import stepfunctions

        owner = self

        class Event:
            def __init__(self) -> None:
                self._set = False

            def set(self) -> None:
                self._set = True

            def is_set(self) -> bool:
                return self._set

            def wait(self, timeout: float | None = None) -> bool:
                end = owner._clock.now() + (timeout or 1e12)
                turn = next(turn for turn in owner._turns if turn.thread is current_thread())
                while not self._set and owner._clock.now() < end:
                    turn.wait(lambda: self._set or owner._clock.now() >= end)
                return self._set

        def new_thread(target: Callable[..., None], args: tuple[Any, ...] = (), **_: Any) -> Any:
            turn = _Turn(lambda: target(*args))
            return SimpleNamespace(start=lambda: owner._turns.append(turn))

        threading = SimpleNamespace(
            Thread=new_thread, Event=Event, Lock=stepfunctions.threading.Lock, local=stepfunctions.threading.local
        )
        with (
            patch.object(stepfunctions, "threading", threading),
            patch.object(stepfunctions, "_call_lambda", self._call),
            patch.object(stepfunctions, "ThreadPoolExecutor", InlineExecutor),
            patch.object(stepfunctions, "_scaled_sleep", self._clock.advance),
            patch.object(
                stepfunctions,
                "_invoke_resource_with_timeout",
                lambda resource, given, _: stepfunctions._invoke_resource(resource, given),
            ),
        ):
            yield

    def _call(self, function: str, event: Any) -> Any:
        from ministack.services import stepfunctions

        name = function.rpartition(":")[2]
        tries = RETRIES if name == "WaitForBatch" else 1
        for left in reversed(range(tries)):
            try:
                return self._invoke(name, event)
            except Exception as error:
                if not left:
                    raise stepfunctions._ExecutionError(type(error).__name__, str(error)) from error
        raise AssertionError("unreachable")


class InlineExecutor:
    """Runs each task at once, in order; as with a pool of threads, one that fails does not stop the others."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> "InlineExecutor":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, function: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
        """The results, in order; raises the first error when it is reached."""
        tasks = [self.submit(function, *given) for given in zip(*arguments, strict=False)]
        return iter([task.result() for task in tasks])

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a task."""
        future: Future[Any] = Future()
        try:
            future.set_result(contextvars.copy_context().run(function, *arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, **_: Any) -> None:
        """Nothing is left to do."""


class OneBeat:
    """In place of the thread of a heartbeat: renews the lease once, as soon as it is started."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], **_: Any) -> None:
        self._beat = partial(target, *args)

    def start(self) -> None:
        """Renew the lease."""
        self._beat()

    def join(self) -> None:
        """It has ended."""


class OnceUnset:
    """In place of the event that ends a heartbeat: it is not set at first, and then it is."""

    def __init__(self) -> None:
        self._answers = iter([False])

    def wait(self, timeout: float) -> bool:
        """Whether it is set."""
        return next(self._answers, True)

    def set(self) -> None:
        """Nothing waits for it."""
