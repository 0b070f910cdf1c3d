"""`datastore login`"""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from datastore_client._sync.client import Client
from datastore_client.command_line import settings
from datastore_client.command_line.session import reported, say


def login(
    url: Annotated[str | None, typer.Argument(help="The address, such as https://example.com/live/api/v1/.")] = None,
    local: Annotated[bool, typer.Option("--local", help="Log in to the local stack of this repository.")] = False,
) -> None:
    """Store the address of a datastore and a token, after a test of both.

    The token is asked for, or read from standard input: datastore login URL < token.txt. DATASTORE_URL and
    DATASTORE_TOKEN have precedence over what is stored.
    """
    if local == (url is not None):
        raise typer.BadParameter("Give either the address of a datastore or --local.", param_hint="URL")
    with reported():
        found = settings.local_login(Path.cwd()) if url is None else settings.Login(settings.api_url(url), _token())
        with Client(*found) as client:
            client.get("projects/", limit=1)
        path = settings.store_login(found)
        say(f"Logged in to {found.url}. The token is in {path}, which only you can read.")


def _token() -> str:
    token = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip():
        raise settings.NotLoggedIn("No token was given.")
    return token.strip()
