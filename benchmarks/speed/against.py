"""How fast are meter runs end to end, compared with an earlier commit?

    python -m benchmarks.speed.against COMMIT [ROUNDS]

runs two local stacks, one from this working tree and one from COMMIT, in the same virtual environment. Each round runs
the same bulk request on one and then on the other, with the order alternating. It prints the ratio of runs per second,
and the CPU seconds per run of both, with everything that a stack does. COMMIT's API must accept this tree's requests.
"""

import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.shared.stack import fresh_stack, load, run
from benchmarks.speed.fits import PROCESSES
from datastore_client import Client
from infra.local import portfolio
from infra.sources import REPOSITORY

SAMPLES = [name for name in portfolio.names() if name.endswith("-daily")] * 4
REPEATED = 4  # runs of each sample in a batch, since its end is noticed up to half a second late
TICKS = os.sysconf("SC_CLK_TCK")  # per second


class Measured(NamedTuple):
    """A batch: runs per second, and CPU seconds per run."""

    rate: float
    cpu: float


@dataclass
class Side:
    """One of the two stacks: its name, a client of its API, the process id of its server, and its traces."""

    name: str
    client: Client
    server: int
    traces: list[int]

    def measure(self) -> Measured:
        """Run a batch."""
        before = cpu_seconds(self.server)
        batch, seconds = run(self.client, self.traces * REPEATED)
        runs = batch["total"]
        assert batch["success"] == runs, batch
        return Measured(runs / seconds, (cpu_seconds(self.server) - before) / runs)


def cpu_seconds(session: int) -> float:
    """The CPU seconds of all processes of a session so far, and of their children that have ended."""
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()  # of proc(5), from the third on
        except OSError:  # it has ended
            continue
        if int(fields[3]) == session:
            used += sum(map(int, fields[11:15]))
    return used / TICKS


@contextmanager
def stack_of(commit: str) -> Iterator[tuple[Client, int]]:
    """Run the stack of a commit from its own code. Yield a client of its API, and the process id of its server."""
    archive = subprocess.run(["git", "archive", commit], cwd=REPOSITORY, capture_output=True)
    if archive.returncode:
        sys.exit(f"{commit!r} is not a commit of this repository: {archive.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory() as directory:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(directory, filter="data")
        _command(directory, "up")
        try:
            local = Path(directory) / ".local"
            running = json.loads((local / "stack.json").read_text())
            yield Client(running["url"], running["token"]), json.loads((local / "server.json").read_text())["pid"]
        finally:
            _command(directory, "down")


def _command(tree: str, command: str) -> None:
    """Run a command of infra.local from the code of another tree."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "infra.local", command], cwd=tree, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"`python -m infra.local {command}` failed in the other tree: {done.stderr.strip()}")


def prepared(name: str, client: Client, server: int) -> Side:
    """Load the meters, and start the workers."""
    side = Side(name, client, server, load(client, SAMPLES))
    run(client, side.traces[: 2 * PROCESSES])
    return side


def main(commit: str, rounds: int) -> None:
    with fresh_stack() as (stack, client), stack_of(commit) as (earlier, server):
        earlier.add_weather_records(portfolio.weather_records())
        sides = [
            prepared("this tree", client, stack.server.state["pid"]),
            prepared(commit, earlier, server),
        ]
        found: dict[str, list[Measured]] = {side.name: [] for side in sides}
        for number in range(1, rounds + 1):
            for side in sides if number % 2 else reversed(sides):
                found[side.name].append(side.measure())
            last = (f"{name} {of[-1].rate:.2f} runs/s, {of[-1].cpu:.3f} CPU s per run" for name, of in found.items())
            print(f"round {number}: {'; '.join(last)}", flush=True)
    ours, theirs = found.values()
    ratios = [one.rate / other.rate for one, other in zip(ours, theirs, strict=True)]
    cpu = [statistics.median(one.cpu for one in of) for of in (ours, theirs)]
    ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"runs per second, this tree / {commit}: {ratio}")
    print(f"CPU seconds per run, this tree and {commit}: {cpu[0]:.3f} and {cpu[1]:.3f}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Name the commit to compare with: python -m benchmarks.speed.against COMMIT [ROUNDS]")
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5)
