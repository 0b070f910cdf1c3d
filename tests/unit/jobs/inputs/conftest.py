"""The store in memory, and the server that weather is fetched from."""

from collections.abc import Iterator

import pytest

from chalicelib.jobs.inputs import fetching, weather
from chalicelib.store.series import series
from chalicelib.store.shared import documents
from tests.file_server import FileServer, serving
from tests.unit.jobs.inputs.store import Memory


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """An in-memory store of a deployment that fetches nothing."""
    memory = Memory()
    monkeypatch.setattr(series, "append", memory.append)
    monkeypatch.setattr(series, "read", memory.read)
    monkeypatch.setattr(series, "recall", memory.recall)
    monkeypatch.setattr(documents, "put", memory.notes.__setitem__)
    monkeypatch.setattr(documents, "get", memory.get)
    for module in (fetching, weather):
        monkeypatch.setattr(module, "settings", lambda: memory.settings)
    return memory


@pytest.fixture
def server(memory: Memory) -> Iterator[FileServer]:
    """A server that the deployment fetches ISD files from."""
    with serving() as running:
        memory.settings.weather_source, memory.settings.weather_url = "isd", running.url
        yield running
