"""The commands behind the Makefile: `python -m infra.local --help`."""

import argparse
import signal
import subprocess
import sys
import time
from typing import NoReturn

from infra.local.server import LocalStackError
from infra.local.stack import LocalStack, Running
from infra.packaging.package import PackagingError
from infra.sources import REPOSITORY

DEMO = [sys.executable, "-m", "infra.local.demo"]


def up() -> None:
    stack = LocalStack()
    print(_explained(_up(stack)[0], stack))


def run() -> None:
    """`up` and the demo; a run that is broken off stops what it started."""
    stack = LocalStack()
    running, started = _up(stack)
    try:
        demo = subprocess.run(DEMO, cwd=REPOSITORY).returncode
    except BaseException:
        if started:
            stack.down()
            print("Broken off; the local stack that this run started is stopped.", file=sys.stderr)
        else:
            print("Broken off; the stack was up before and stays, and scheduled meter runs go on.", file=sys.stderr)
        raise
    print(_explained(running, stack))
    sys.exit(demo)


def _up(stack: LocalStack) -> tuple[Running, bool]:
    began = time.monotonic()
    print("Bringing the local stack up ...", flush=True)
    try:
        running, started = stack.up()
    except KeyboardInterrupt:
        print("Broken off; nothing that this command started is left running.", file=sys.stderr)
        raise
    done = "is up" if started else "was up, and is up to date"
    print(f"The local stack {done} ({time.monotonic() - began:.1f} s).", flush=True)
    return running, started


def _explained(running: Running, stack: LocalStack) -> str:
    return (
        f"\nThe API is at      {running.url}"
        f"\nTry it             curl -H 'Authorization: Bearer {running.token}' {running.url}projects/"
        f"\nURL and token      {stack.directory / 'stack.json'}"
        f"\nLog                {stack.server.log}"
        f"\nStop it            make down"
    )


def down() -> None:
    print("The local stack is stopped." if LocalStack().down() else "No local stack was up.")


def status() -> None:
    stack = LocalStack()
    if stack.running is None:
        raise LocalStackError("No local stack is up: `make up` starts it.")
    print(_explained(stack.running, stack))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="The datastore on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("run", help="start it, and run the demo").set_defaults(command=run)
    commands.add_parser("up", help="start it, or bring it up to date").set_defaults(command=up)
    commands.add_parser("down", help="stop it and forget its data").set_defaults(command=down)
    commands.add_parser("status", help="where it answers").set_defaults(command=status)
    return parser


def _broken_off(*_: object) -> NoReturn:
    sys.exit(143)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _broken_off)
    arguments = vars(_parser().parse_args())
    try:
        arguments.pop("command")(**arguments)
    except (LocalStackError, PackagingError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
