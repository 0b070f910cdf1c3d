"""The MiniStack process of one directory.

The process holds a lock on `server.lock` while it is alive. So even after a crash or a reboot, the lock shows whether
the process is running and whether the process id in `server.json` is still its own.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

HOST = "127.0.0.1"
GATEWAY = Path(__file__).with_name("gateway.py")
REGION = "us-east-1"
START_TIMEOUT = 30  # seconds
STOP_TIMEOUT = 10  # seconds
ANY_KEY = "test"  # MiniStack accepts any
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


class LocalStackError(Exception):
    """The local stack failed; the message tells the user what went wrong and what to do."""


def credentials(endpoint_url: str) -> dict[str, str]:
    """Return environment variables that make AWS clients use a local stack and nothing else."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ANY_KEY,
        "AWS_SECRET_ACCESS_KEY": ANY_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
    }


class Server:
    """MiniStack with its files in `directory`; `cache` holds numba's compiled code and outlives it."""

    def __init__(self, directory: Path, cache: Path, settings: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.cache = cache
        self.settings = settings or {}
        self.log = directory / "ministack.log"
        self._lock = directory / "server.lock"
        self._state = directory / "server.json"
        self._temporary = directory / "tmp"

    @property
    def running(self) -> bool:
        """Whether this directory's process is alive."""
        if not self._lock.exists():
            return False
        with self._lock.open() as lock:
            return not _try_lock(lock)

    @property
    def state(self) -> dict[str, Any]:
        """`pid`, `port`, and what `remember` added."""
        state: dict[str, Any] = json.loads(self._state.read_text())
        return state

    @property
    def endpoint_url(self) -> str:
        """The URL of the running server."""
        return f"http://{HOST}:{self.state['port']}"

    def remember(self, **facts: Any) -> None:
        """Store facts about this process until it ends."""
        write_json(self._state, self.state | facts)

    def start(self) -> None:
        """Start it in the background on a free port and wait until it responds. Raises LocalStackError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.stop()
        for _ in range(3):  # another program may claim the free port first
            if self._start(_free_port()):
                return
        raise LocalStackError(f"MiniStack, the local stack, does not start. The end of {self.log}:\n{self.log_tail()}")

    def _start(self, port: int) -> bool:
        self._temporary.mkdir(exist_ok=True)
        with self._lock.open("w") as lock, self.log.open("w") as log:
            if not _try_lock(lock):
                raise LocalStackError("Another command is starting the local stack; wait for it to finish.")
            process = subprocess.Popen(
                [sys.executable, "-P", str(GATEWAY)],
                cwd=self.directory,
                env=self._environment(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock.fileno()],
            )
            write_json(self._state, {"pid": process.pid, "port": port})
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and process.poll() is None:
            if _responds(port):
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def _environment(self, port: int) -> dict[str, str]:
        """Return the environment of MiniStack and the functions: their settings and the INHERITED variables."""
        (self.cache / "numba").mkdir(parents=True, exist_ok=True)
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return (
            inherited
            | credentials(f"http://{HOST}:{port}")
            | {
                "GATEWAY_PORT": str(port),
                "BIND_HOST": HOST,
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                "TMPDIR": str(self._temporary),
                "NUMBA_CACHE_DIR": str(self.cache / "numba"),
                "OMP_NUM_THREADS": "1",
            }
            | self.settings
        )

    def stop(self) -> bool:
        """Stop the process and the functions that it runs. Return whether it was running."""
        was_running = self.running
        if was_running:
            pid = self.state["pid"]
            _signal(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_TIMEOUT
            while self.running and time.monotonic() < deadline:
                time.sleep(0.05)
            _signal(pid, signal.SIGKILL)
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._state.unlink(missing_ok=True)
        return was_running

    def log_tail(self, lines: int = 15) -> str:
        """Return the end of MiniStack's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def write_json(path: Path, content: Any) -> None:
    """Write a file atomically, readable only by its owner."""
    new = path.with_name(path.name + ".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=2) + "\n")
    new.replace(path)


def _try_lock(file: IO[str]) -> bool:
    """Try to lock the file. Return False if another process holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _responds(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://{HOST}:{port}/_ministack/health", timeout=5).close()
    except OSError:
        return False
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)
