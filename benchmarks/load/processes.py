"""The resident memory of the processes that run a local stack's functions, over time."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

WARM_UP = 60.0  # seconds after which a process has its working memory
INTERVAL = 5.0  # seconds between two samples
MAX_GROWTH = 1.10  # of a function's process after its warm-up
SERVER = "MiniStack"


@dataclass(frozen=True)
class Memory:
    """A process: its function, and its resident megabytes after its warm-up and when it was last seen."""

    function: str
    pid: int
    warm: float
    end: float
    seconds: float

    @property
    def ratio(self) -> float:
        """How much it has grown."""
        return self.end / self.warm

    @property
    def judged(self) -> bool:
        """Whether it has to stay flat: MiniStack keeps the data in memory, and a young process says nothing."""
        return self.function != SERVER and self.seconds >= 2 * WARM_UP

    @property
    def grown(self) -> bool:
        """Whether it has grown too much."""
        return self.judged and self.ratio > MAX_GROWTH


class Watch:
    """Samples the memory of a stack's processes in the background, within a `with` block."""

    def __init__(self, server: int, endpoint_url: str) -> None:
        self._server = server
        self._port = f":{endpoint_url.rpartition(':')[2]}".encode()
        self._samples: dict[tuple[int, str], list[tuple[float, float]]] = {}
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
        """All processes, by function and by pid."""
        return sorted(
            (_memory(pid, function, samples) for (pid, function), samples in self._samples.items()),
            key=lambda memory: (memory.function, memory.pid),
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
                    size = _resident(process)
                    self._samples.setdefault((pid, function), []).append((time.monotonic(), size))
            except OSError:  # it has ended
                continue

    def _function(self, process: Path) -> str | None:
        """The name of the stack's function that a process runs."""
        environment = (process / "environ").read_bytes()
        if b"AWS_LAMBDA_FUNCTION_NAME=" not in environment or self._port not in environment:
            return None
        return environment.partition(b"AWS_LAMBDA_FUNCTION_NAME=")[2].partition(b"\0")[0].decode()


def _memory(pid: int, function: str, samples: list[tuple[float, float]]) -> Memory:
    first, last = samples[0][0], samples[-1]
    warm = next((size for at, size in samples if at >= first + WARM_UP), last[1])
    return Memory(function, pid, warm, last[1], last[0] - first)


def _resident(process: Path) -> float:
    fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(fields.get("VmRSS", "0 kB").split()[0]) / 1024
