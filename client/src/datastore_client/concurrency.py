"""What the asynchronous and the synchronous client do differently: wait, run jobs in parallel, and read files."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar, cast

T = TypeVar("T")
CHUNK = 256 * 1024  # bytes


async def pause_async(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


async def in_parallel_async(jobs: Sequence[Callable[[], Awaitable[T]]], at_once: int) -> list[T]:
    """Run jobs, at most `at_once` at a time. Return their results in order, or raise the first error."""
    free = asyncio.Semaphore(at_once)

    async def run(job: Callable[[], Awaitable[T]]) -> T:
        async with free:
            return await job()

    tasks = [asyncio.ensure_future(run(job)) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


def in_parallel(jobs: Sequence[Callable[[], T]], at_once: int) -> list[T]:
    """Run jobs, at most `at_once` at a time. Return their results in order, or raise the first error.

    The threads are daemons, so that an interrupted program ends without waiting for what they send.
    """
    todo = iter(enumerate(jobs))
    taking = threading.Lock()
    done: SimpleQueue[tuple[int, T | None, BaseException | None]] = SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            with taking:
                index, job = next(todo, (-1, None))
            if job is None:
                return
            try:
                done.put((index, job(), None))
            except BaseException as error:  # raised again in the caller's thread
                done.put((index, None, error))

    for _ in range(min(at_once, len(jobs))):
        threading.Thread(target=work, daemon=True).start()
    results: dict[int, T] = {}
    try:
        while len(results) < len(jobs):
            index, result, error = done.get()
            if error is not None:
                raise error
            results[index] = cast(T, result)
    finally:
        stopped.set()
    return [results[index] for index in range(len(jobs))]


async def chunks_async(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    """Yield the bytes of a file from start to end, in chunks."""
    with path.open("rb") as file:
        await asyncio.to_thread(file.seek, start)
        while start < end and (chunk := await asyncio.to_thread(file.read, min(CHUNK, end - start))):
            start += len(chunk)
            yield chunk


def chunks(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a file from start to end, in chunks."""
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK, end - start))):
            start += len(chunk)
            yield chunk
