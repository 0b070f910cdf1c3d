"""`datastore load` continues what was interrupted, and stops where the next file would refer to what is missing."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from datastore_client import Client
from datastore_client.command_line import app, session, settings
from tests.unit.client.conftest import URL

COUNTS = ("rows", "created", "updated", "unchanged", "rejected")


class Server:
    """Uploads of small files. `interrupting`: the PUT that is interrupted, counted from 1. `failing`: a kind."""

    def __init__(self, interrupting: int = 0, failing: str = "") -> None:
        self.interrupting, self.failing = interrupting, failing
        self.uploads: list[dict[str, Any]] = []
        self.puts = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket.test":
            self.puts += 1
            request.read()
            if self.puts == self.interrupting:
                raise KeyboardInterrupt
            upload = self._upload(int(request.url.path.strip("/")))
            upload["status"] = "FAILED" if upload["kind"] == self.failing else "SUCCESS"
            upload["failure_message"] = "It is broken." if upload["status"] == "FAILED" else None
            return httpx.Response(200)
        if request.method == "POST":
            self.uploads.append(self._new(json.loads(request.read())))
            return httpx.Response(201, json=self.uploads[-1])
        id = int(request.url.path.strip("/").rpartition("/")[2])
        return httpx.Response(200, json=self._upload(id)) if id <= len(self.uploads) else httpx.Response(404)

    def _new(self, body: dict[str, Any]) -> dict[str, Any]:
        id = len(self.uploads) + 1
        about = {"status": "WAITING", "url": f"https://bucket.test/{id}", "parts": None, "progress": 1.0}
        return {**body, **about, **dict.fromkeys(COUNTS, 0), "id": id, "rejected_rows": None, "warnings": []}

    def _upload(self, id: int) -> dict[str, Any]:
        return self.uploads[id - 1]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with the three files."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "bills.csv").write_text("trace_id,start,value\n")
    (folder / "meters.csv").write_text("trace_id,interpretation,unit,project_id\n")
    (folder / "projects.csv").write_text("project_id,baseline_period_end\n")
    return folder


def load(monkeypatch: pytest.MonkeyPatch, server: Server, files: Path, *arguments: str) -> Result:
    monkeypatch.setenv(settings.CONFIGURATION, str(files.parent / "settings"))
    monkeypatch.setenv(settings.URL, URL)
    monkeypatch.setenv(settings.TOKEN, "eem_secret")
    monkeypatch.setattr(session, "Client", partial(Client, transport=httpx.MockTransport(server)))
    return CliRunner().invoke(app, ["load", str(files), *arguments])


def test_files_are_loaded_after_those_that_they_refer_to(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], files: Path
) -> None:
    server = Server()
    result = load(monkeypatch, server, files)
    assert result.exit_code == 0, result.output
    assert [upload["name"] for upload in server.uploads] == ["projects.csv", "meters.csv", "bills.csv"]


def test_an_interrupted_load_continues(monkeypatch: pytest.MonkeyPatch, waits: list[float], files: Path) -> None:
    server = Server(interrupting=2)
    result = load(monkeypatch, server, files)
    assert result.exit_code == session.INTERRUPTED
    assert "The same command continues" in result.output
    assert len(server.uploads) == 2
    result = load(monkeypatch, server, files)
    assert result.exit_code == 0, result.output
    sent = [upload["name"] for upload in server.uploads]
    assert sent == ["projects.csv", "meters.csv", "projects.csv", "bills.csv"]  # the meters have continued
    assert not json.loads((files.parent / "settings" / "uploads.json").read_text())


def test_a_changed_file_is_loaded_anew(monkeypatch: pytest.MonkeyPatch, waits: list[float], files: Path) -> None:
    server = Server(interrupting=1)
    load(monkeypatch, server, files / "projects.csv")
    (files / "projects.csv").write_text("project_id,baseline_period_end\nA,2016-01-01\n")
    load(monkeypatch, server, files / "projects.csv")
    assert [upload["status"] for upload in server.uploads] == ["WAITING", "SUCCESS"]


def test_an_upload_that_is_gone_is_started_anew(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], files: Path
) -> None:
    load(monkeypatch, Server(interrupting=1), files / "projects.csv")
    server = Server()
    assert load(monkeypatch, server, files / "projects.csv").exit_code == 0
    assert [upload["status"] for upload in server.uploads] == ["SUCCESS"]


def test_a_file_that_is_not_imported_ends_it(monkeypatch: pytest.MonkeyPatch, waits: list[float], files: Path) -> None:
    server = Server(failing="traces")
    result = load(monkeypatch, server, files)
    assert result.exit_code == session.FAILED
    assert "It is broken." in result.output
    assert "bills.csv was not sent" in result.output
    assert len(server.uploads) == 2


def test_wrong_options_are_wrong_usage(monkeypatch: pytest.MonkeyPatch, files: Path) -> None:
    assert load(monkeypatch, Server(), files, "--kind", "meters").exit_code == 2
    assert load(monkeypatch, Server(), files, "--column", "start").exit_code == 2
    assert load(monkeypatch, Server(), files / "absent.csv").exit_code == 2
