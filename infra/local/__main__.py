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
    print(_usage(_up(stack)[0], stack))


def run() -> None:
    """Run `up` and the demo. An interrupted run stops what it started."""
    stack = LocalStack()
    running, started = _up(stack)
    try:
        demo = subprocess.run(DEMO, cwd=REPOSITORY).returncode
    except BaseException:
        if started:
            stack.down()
            print("Interrupted; the local stack that this run started has been stopped.", file=sys.stderr)
        else:
            print("Interrupted; the stack was up before and stays up. Scheduled meter runs continue.", file=sys.stderr)
        raise
    print(_usage(running, stack))
    sys.exit(demo)


def _up(stack: LocalStack) -> tuple[Running, bool]:
    began = time.monotonic()
    print("Starting the local stack ...", flush=True)
    try:
        running, started = stack.up()
    except KeyboardInterrupt:
        print("Interrupted; everything that this command started has been stopped.", file=sys.stderr)
        raise
    done = "is up" if started else "was already up, and is up to date"
    print(f"The local stack {done} ({time.monotonic() - began:.1f} s).", flush=True)
    return running, started


def _usage(running: Running, stack: LocalStack) -> str:
    return (
        f"\nThe API is at      {running.url}"
        f"\nTry it             curl -H 'Authorization: Bearer {running.token}' {running.url}projects/"
        f"\nURL and token      {stack.directory / 'stack.json'}"
        f"\nLog                {stack.server.log}"
        f"\nStop it            make down"
    )


def down() -> None:
    print("The local stack has been stopped." if LocalStack().down() else "No local stack was up.")


def status() -> None:
    stack = LocalStack()
    if stack.running is None:
        raise LocalStackError("No local stack is up: start it with `make up`.")
    print(_usage(stack.running, stack))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Run the datastore on this computer.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("run", help="start it and run the demo").set_defaults(command=run)
    commands.add_parser("up", help="start it or update it").set_defaults(command=up)
    commands.add_parser("down", help="stop it and delete its data").set_defaults(command=down)
    commands.add_parser("status", help="show its URL, token and log").set_defaults(command=status)
    return parser


def _exit_on_signal(*_: object) -> NoReturn:
    sys.exit(143)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _exit_on_signal)
    arguments = vars(_parser().parse_args())
    try:
        arguments.pop("command")(**arguments)
    except (LocalStackError, PackagingError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
