"""Runs schemathesis on a local stack of its own."""

import subprocess
import sys
from pathlib import Path

from infra.local.stack import LocalStack
from infra.sources import REPOSITORY
from tests.fuzz.seeds import plant
from tests.stack.client import Api

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


def fuzz(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The ended run, with what it printed; its exit code is 0 if nothing was found.

    directory: for the stack's files. arguments: of `schemathesis run`.
    """
    with LocalStack(directory / "stack", settings={"AUTH": "true"}) as running:
        plant(Api(running.url, running.token))
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)]
        command += ["run", running.url + "openapi.json", "--header", f"Authorization: Bearer {running.token}"]
        command += ["--no-color"]
        return subprocess.run(
            [*command, *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
