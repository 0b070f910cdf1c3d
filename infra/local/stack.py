"""A local stack: MiniStack with our template deployed on it, in its own directory."""

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import requests

from infra.deployment.environment import SCOPES
from infra.local.build import build
from infra.local.deploy import deploy, environment
from infra.local.server import REGION, LocalStackError, Server, write_json
from infra.locks import exclusive
from infra.sources import REPOSITORY

NAME = "eemeter-datastore-dev"
DIRECTORY = REPOSITORY / ".local"
CACHE = DIRECTORY / "cache"


@dataclass(frozen=True)
class Running:
    """How to reach a running stack; the content of stack.json."""

    url: str
    token: str
    endpoint_url: str
    region: str
    stack: str


def _has_valid_token(running: Running) -> bool:
    """Return whether the API accepts the stack's token, which may have been revoked."""
    headers = {"Authorization": f"Bearer {running.token}"}
    return requests.get(f"{running.url}projects/", {"limit": "1"}, headers=headers, timeout=60).status_code != 401


class LocalStack:
    """The stack of one directory. Several can run at the same time, each on its own port.

    parameters: of the template. settings: environment variables for MiniStack, such as AUTH.
    """

    def __init__(
        self,
        directory: Path = DIRECTORY,
        parameters: dict[str, str] | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.server = Server(directory, CACHE, settings)
        workers = max(2, os.cpu_count() or 2)  # two is the minimum for SQS event sources
        retries = {"RetryDelay": "5", "QueueTries": "3"}
        self._parameters = {"WorkerConcurrency": str(workers), "PlainHttp": "allowed", **retries} | (parameters or {})
        self._file = directory / "stack.json"

    @property
    def running(self) -> Running | None:
        """How to reach the stack; None if it is not running."""
        if not self.server.running or not self._file.exists():
            return None
        return Running(**json.loads(self._file.read_text()))

    def up(self) -> tuple[Running, bool]:
        """Start the stack if needed, and deploy what has changed. Return how to reach it, and whether it was started.

        Leaves nothing behind if it fails to start. Raises LocalStackError and PackagingError.
        """
        with self._one_command_at_a_time():
            package = build(CACHE)
            wanted = [package.name, self._parameters, self.server.settings]
            running = self.running
            if running and self.server.state.get("deployed") == wanted and _has_valid_token(running):
                return running, False
            started = running is None  # without stack.json an earlier start was interrupted: start from scratch
            try:
                if started:
                    self._file.unlink(missing_ok=True)
                    self.server.start()
                running = self._deploy(package, running.token if running and _has_valid_token(running) else None)
            except LocalStackError as error:
                if started:
                    self.server.stop()
                    raise
                raise LocalStackError(f"{error}\nTo start from scratch, run `make down`, then `make up`.") from None
            except BaseException:
                if started:
                    self.server.stop()
                raise
            self.server.remember(deployed=wanted)
            return running, started

    def _deploy(self, package: Path, token: str | None) -> Running:
        endpoint_url = self.server.endpoint_url
        url = deploy(endpoint_url, NAME, package, self._parameters, self.directory)
        self._command(endpoint_url, "The links could not be written", "infra.deployment.links", NAME)
        running = Running(url, token or self._token(endpoint_url), endpoint_url, REGION, NAME)
        write_json(self._file, asdict(running))
        return running

    def _token(self, endpoint_url: str) -> str:
        scopes = [argument for scope in SCOPES for argument in ("--scope", scope)]
        create = ("infra.tokens", "create", "local", *scopes, "--stack", NAME)
        return self._command(endpoint_url, "The first token could not be created", *create)

    def _command(self, endpoint_url: str, failed: str, *command: str) -> str:
        """Run a module with its arguments on the stack, and return its output. failed: what the error says first."""
        local = environment(endpoint_url)
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=REPOSITORY, env=local, capture_output=True, text=True
        )
        if done.returncode:
            raise LocalStackError(f"{failed}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _one_command_at_a_time(self) -> AbstractContextManager[None]:
        return exclusive(
            self.directory / "command.lock", "Waiting for another command to finish on this local stack ..."
        )

    def __enter__(self) -> Running:
        """Run the stack for the duration of a `with` block."""
        return self.up()[0]

    def __exit__(self, *_: object) -> None:
        self.down()

    def down(self) -> bool:
        """Stop the stack and delete its data. Return whether it was running."""
        with self._one_command_at_a_time():
            self._file.unlink(missing_ok=True)
            return self.server.stop()
