"""What all commands share: the client, how errors are shown, and what is printed where."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from datastore_client._sync.client import Client
from datastore_client.command_line import settings
from datastore_client.errors import DatastoreError, NotAuthorized, Problem

FAILED, PARTIAL, NOT_AUTHORIZED, INTERRUPTED = 1, 3, 4, 130  # exit codes; 2, wrong usage, is typer's
WIDTH = 120  # columns of what is not printed to a terminal

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def out() -> Console:
    """Return the console of results."""
    return _console(sys.stdout.isatty(), stderr=False)


def log() -> Console:
    """Return the console of progress and errors."""
    return _console(sys.stderr.isatty(), stderr=True)


def _console(is_terminal: bool, stderr: bool) -> Console:
    return Console(stderr=stderr, width=None if is_terminal else WIDTH, highlight=False, soft_wrap=False)


def say(text: str) -> None:
    """Print a line of progress, as it is."""
    log().print(text, markup=False, soft_wrap=True)


def print_json(document: Any) -> None:
    """Print the result of a command with --json."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def reported(continues: str = "") -> Iterator[None]:
    """Show errors as a message, and end with their exit code. continues: how to go on after an interruption."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"\nInterrupted. {continues}".rstrip())
        raise typer.Exit(INTERRUPTED) from None
    except (NotAuthorized, settings.NotLoggedIn) as error:
        _say_error(error)
        raise typer.Exit(NOT_AUTHORIZED) from None
    except (DatastoreError, OSError) as error:
        _say_error(error)
        raise typer.Exit(FAILED) from None


def _say_error(error: Exception) -> None:
    if not isinstance(error, Problem):
        say(f"Error: {error}")
        return
    say(f"Error: {error.title or error.status}: {error.detail}")
    say(f"  {error.request} returned {error.status}")
    for one in error.errors:
        if one["detail"] != error.detail:
            say(f"  {one.get('parameter') or one['pointer'] or 'body'}: {one['detail']}")


@contextmanager
def connected(continues: str = "") -> Iterator[Client]:
    """A client of the datastore to which the user is logged in; errors are shown as by `reported`."""
    with reported(continues):
        found = settings.login()
        with Client(found.url, found.token, on_retry=_say_retry) as client:
            yield client


def _say_retry(reason: str, seconds: float) -> None:
    say(f"{reason} Trying again in {seconds:.0f} s.")


def progress(*columns: ProgressColumn) -> Progress:
    """Return a progress bar on standard error. columns: what it shows after the bar."""
    description = TextColumn("{task.description:<18}", markup=False)
    return Progress(description, BarColumn(40), *columns, TimeElapsedColumn(), console=log())


def named_values(given: list[str], option: str) -> dict[str, str]:
    """Return NAME=VALUE options as a dict. Raises BadParameter."""
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{one!r} is not NAME=VALUE.", param_hint=option)
        found[name.strip()] = value
    return found


def json_values(given: list[str], option: str) -> dict[str, Any]:
    """Return NAME=VALUE options as a dict whose values are JSON if they can be, and else text."""
    return {name: _json_or_text(value) for name, value in named_values(given, option).items()}


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
