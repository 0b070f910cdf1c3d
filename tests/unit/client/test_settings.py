"""Addresses of a datastore, and where the token is stored."""

import json
from pathlib import Path

import pytest

from datastore_client import DatastoreError
from datastore_client.command_line import settings
from datastore_client.command_line.settings import Login, NotLoggedIn, api_url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://a.test/live/api/v1/", "https://a.test/live/api/v1/"),
        ("https://a.test/live/api/v1", "https://a.test/live/api/v1/"),
        ("https://a.test/live", "https://a.test/live/api/v1/"),
        ("https://a.test", "https://a.test/api/v1/"),
        ("http://127.0.0.1:8000/x/api/v1/", "http://127.0.0.1:8000/x/api/v1/"),
    ],
)
def test_an_address_may_lack_its_path(given: str, url: str) -> None:
    assert api_url(given) == url


@pytest.mark.parametrize("given", ["http://a.test/live/api/v1/", "a.test", "ftp://a.test", ""])
def test_an_address_that_is_not_safe_is_refused(given: str) -> None:
    with pytest.raises(DatastoreError):
        api_url(given)


def test_the_token_is_only_for_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.CONFIGURATION, str(tmp_path / "new"))
    for name in (settings.URL, settings.TOKEN):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NotLoggedIn):
        settings.login()
    path = settings.store_login(Login("https://a.test/api/v1/", "eem_secret"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert settings.login() == Login("https://a.test/api/v1/", "eem_secret")
    monkeypatch.setenv(settings.TOKEN, "eem_other")
    assert settings.login().token == "eem_other"


def test_the_local_stack_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    stack = {"url": "http://127.0.0.1:1/live/api/v1/", "token": "eem_local", "region": "us-east-1"}
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(stack))
    (tmp_path / "docs").mkdir()
    assert settings.local_login(tmp_path / "docs") == Login(stack["url"], "eem_local")
    with pytest.raises(NotLoggedIn, match="make up"):
        settings.local_login(Path("/"))
