"""The resident memory of the processes that run a local stack's functions, over time."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

WARM_UP = 60.0  # seconds after which a process has its working memory,
WORKED = 10.0  # if it has used so many seconds of CPU time: an idle one grows with its first requests
INTERVAL = 5.0  # seconds between two samples
MAX_GROWTH = 1.10  # of a function's process after its warm-up
SERVER = "MiniStack"


@dataclass(frozen=True)
class Sample:
    """A process at one time: the monotonic clock, its seconds of CPU time so far, and its resident megabytes."""

    at: float
    cpu: float
    resident: float


@dataclass(frozen=True)
class Memory:
    """A process: its function, and its resident megabytes after its warm-up and when it was last seen.

    cpu: the seconds of CPU time that it has used. warm: None if it has not worked long enough.
    """

    function: str
    pid: int
    cpu: float
    warm: float | None
    end: float

    @property
    def ratio(self) -> float | None:
        """How much it has grown; None if that says nothing about leaks, because it has hardly worked since."""
        return None if self.warm is None or self.cpu < 2 * WORKED else self.end / self.warm

    @property
    def grown(self) -> bool:
        """Whether it has grown too much. MiniStack may, since it keeps the data in memory."""
        return self.function != SERVER and (self.ratio or 0) > MAX_GROWTH


def memory(function: str, pid: int, samples: list[Sample]) -> Memory:
    """The memory of a process, from samples in the order of time."""
    first, last = samples[0], samples[-1]
    warm = (one.resident for one in samples if one.at >= first.at + WARM_UP and one.cpu >= WORKED)
    return Memory(function, pid, last.cpu, next(warm, None), last.resident)


class Watch:
    """Samples the memory of a stack's processes in the background, within a `with` block."""

    def __init__(self, server: int, endpoint_url: str) -> None:
        self._server = server
        self._port = f":{endpoint_url.rpartition(':')[2]}".encode()
        self._samples: dict[tuple[int, str], list[Sample]] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_end, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._sample()

    @property
    def found(self) -> list[Memory]:
        """All processes by function, the one that has worked most first."""
        return sorted(
            (memory(function, pid, samples) for (pid, function), samples in self._samples.items()),
            key=lambda one: (one.function, -one.cpu),
        )

    def _sample_until_end(self) -> None:
        while not self._end.wait(INTERVAL):
            self._sample()

    def _sample(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            pid = int(process.name)
            try:
                function = SERVER if pid == self._server else self._function(process)
                if function:
                    self._samples.setdefault((pid, function), []).append(_sample(process))
            except OSError:  # it has ended
                continue

    def _function(self, process: Path) -> str | None:
        """The name of the stack's function that a process runs."""
        environment = (process / "environ").read_bytes()
        if b"AWS_LAMBDA_FUNCTION_NAME=" not in environment or self._port not in environment:
            return None
        return environment.partition(b"AWS_LAMBDA_FUNCTION_NAME=")[2].partition(b"\0")[0].decode()


def _sample(process: Path) -> Sample:
    fields = (process / "stat").read_text().rpartition(")")[2].split()  # of proc(5), from the third on
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Sample(time.monotonic(), cpu, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
