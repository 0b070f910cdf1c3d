"""The MiniStack process: starting, stopping and failures."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import server as server_module
from infra.local.server import LocalStackError, Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "stack", tmp_path / "cache")
    yield server
    server.stop()


def reachable(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((server_module.HOST, port)) == 0


def test_it_starts_on_its_own_port_and_stops(server: Server) -> None:
    assert not server.running
    server.start()
    port = server.state["port"]
    assert server.running
    assert reachable(port)
    assert server.stop()
    assert not server.running
    assert not reachable(port)
    assert not server.stop()


def test_a_killed_process_does_not_count_as_running(server: Server) -> None:
    server.start()
    os.killpg(server.state["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not server.running
    server.start()
    assert server.running


def test_a_reused_process_id_is_not_killed(server: Server) -> None:
    server.directory.mkdir()
    (server.directory / "server.lock").touch()
    (server.directory / "server.json").write_text(json.dumps({"pid": os.getpid(), "port": 1}))
    assert not server.running
    assert not server.stop()  # which would have killed this test


def test_a_port_in_use_is_avoided(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    free_port = server_module._free_port
    with socket.create_server((server_module.HOST, 0)) as other:
        ports = [other.getsockname()[1], free_port()]
        monkeypatch.setattr(server_module, "_free_port", lambda: ports.pop(0))
        server.start()
        assert server.state["port"] != other.getsockname()[1]


def test_a_failed_start_shows_the_log(tmp_path: Path) -> None:
    dying = Server(tmp_path, tmp_path / "cache", {"GATEWAY_PORT": "no number"})
    with pytest.raises(LocalStackError, match=r"(?s)does not start.*no number") as caught:
        dying.start()
    assert str(dying.log) in str(caught.value)
    assert not dying.running


def test_the_users_aws_account_is_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    seen = Server(tmp_path, tmp_path / "cache")._environment(4566)
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN"}.isdisjoint(seen)
    assert seen["AWS_ACCESS_KEY_ID"] == "test"
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
