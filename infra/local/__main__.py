"""The commands behind the Makefile: `python -m infra.local --help`."""

import argparse
import signal
import subprocess
import sys
import time
from typing import Any, NoReturn

from infra.local import tokens
from infra.local.server import LocalStackError
from infra.local.stack import LocalStack, Running
from infra.package import PackagingError
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


def token_create(name: str, scope: list[str], expires: Any, stack: str | None) -> None:
    tokens.select_stack(stack)
    print(tokens.create(name, scope, expires))


def token_list(stack: str | None) -> None:
    tokens.select_stack(stack)
    print(tokens.listing())


def token_delete(name: str, stack: str | None) -> None:
    tokens.select_stack(stack)
    count = tokens.delete(name)
    if not count:
        raise LocalStackError(f"There is no token named {name!r}.")
    print(f"Revoked {count} token{'s' if count > 1 else ''} named {name!r}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Run the datastore on this computer.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("run", help="start it and run the demo").set_defaults(command=run)
    commands.add_parser("up", help="start it or update it").set_defaults(command=up)
    commands.add_parser("down", help="stop it and delete its data").set_defaults(command=down)
    commands.add_parser("status", help="show its URL, token and log").set_defaults(command=status)

    token = commands.add_parser("token", help="create, list and revoke tokens").add_subparsers(required=True)
    create = token.add_parser("create", help="create a token and show it once")
    create.add_argument("name", type=tokens.name, help="who or what it is for")
    scopes = "what it may do; repeatable, since no scope implies another (admin is reserved for managing tokens)"
    create.add_argument("--scope", action="append", required=True, choices=["read", "write", "admin"], help=scopes)
    create.add_argument("--expires", type=tokens.expiry, metavar="DATE", help="expiry, such as 2027-01-01 (UTC)")
    create.set_defaults(command=token_create)
    listing = token.add_parser("list", help="show each token's name, scopes and expiry")
    listing.set_defaults(command=token_list)
    delete = token.add_parser("delete", help="revoke all tokens with a name")
    delete.add_argument("name")
    delete.set_defaults(command=token_delete)
    for command in (create, listing, delete):
        aws = "a stack on AWS, with your credentials and region (AWS_PROFILE, AWS_REGION); default: the local stack"
        command.add_argument("--stack", metavar="NAME", help=aws)
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
