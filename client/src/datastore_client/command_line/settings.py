"""Where the datastore is, with which token, and what has been started but not finished.

Both are files in the user's configuration directory, which only the user can read.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import typer

from datastore_client.errors import DatastoreError

URL, TOKEN, CONFIGURATION = "DATASTORE_URL", "DATASTORE_TOKEN", "DATASTORE_CONFIG"  # environment variables
LOCAL_STACK = Path(".local") / "stack.json"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
BASE = "/api/v1/"


class NotLoggedIn(DatastoreError):
    """There is no address or token."""


class Login(NamedTuple):
    """The address of a datastore, and a token."""

    url: str
    token: str


def directory() -> Path:
    """Return the directory of the settings."""
    given = os.environ.get(CONFIGURATION)
    return Path(given) if given else Path(typer.get_app_dir("eemeter-datastore"))


def login() -> Login:
    """Return the address and token: of the environment, and else of `datastore login`. Raises NotLoggedIn."""
    stored = _read("login.json")
    url, token = (os.environ.get(name) or stored.get(key) for name, key in ((URL, "url"), (TOKEN, "token")))
    if not url or not token:
        raise NotLoggedIn(
            f"You are not logged in. Run `datastore login URL`, `datastore login --local` for the local stack, or set "
            f"{URL} and {TOKEN}."
        )
    return Login(api_url(url), token)


def store_login(found: Login) -> Path:
    """Store the address and token, and return the file that has them."""
    return _write("login.json", found._asdict())


def local_login(start: Path) -> Login:
    """Return the address and token of the local stack whose repository `start` is in. Raises NotLoggedIn."""
    for folder in (start, *start.parents):
        if (folder / LOCAL_STACK).exists():
            stack = json.loads((folder / LOCAL_STACK).read_text())
            return Login(stack["url"], stack["token"])
    raise NotLoggedIn(f"There is no {LOCAL_STACK} in {start} or above. Run this in the repository, after `make up`.")


def api_url(given: str) -> str:
    """Return the address of an API, with or without its path. Raises DatastoreError for one that is not safe.

    >>> api_url("https://example.com/live")
    'https://example.com/live/api/v1/'
    """
    url = httpx.URL(given)
    if url.scheme not in ("http", "https") or not url.host:
        raise DatastoreError(
            f"{given!r} is not the address of a datastore; it looks like https://example.com/live/api/v1/."
        )
    if url.scheme == "http" and url.host not in LOCAL_HOSTS:
        raise DatastoreError(f"{given} would get the token unencrypted; use an address that begins with https.")
    path = url.path.rstrip("/") + "/"
    return str(url.copy_with(path=path if path.endswith(BASE) else path.rstrip("/") + BASE, query=None))


def unfinished(key: str) -> int | None:
    """Return the id of the upload that was started under this key and has not ended."""
    found: int | None = _read("uploads.json").get(key)
    return found


def store_unfinished(key: str, id: int | None) -> None:
    """Store the id of an upload that has been started, or None once it has ended."""
    stored = {**_read("uploads.json"), key: id}
    _write("uploads.json", {key: id for key, id in stored.items() if id is not None})


def _read(name: str) -> Mapping[str, Any]:
    try:
        found = json.loads((directory() / name).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(name: str, content: Mapping[str, Any]) -> Path:
    folder = directory()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    new = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    new.replace(path)
    return path
