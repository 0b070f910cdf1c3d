"""What the sources are fetched from."""

from collections.abc import Iterator

import pytest

from chalicelib.weather import download, ghcnh_stations
from tests.file_server import FileServer, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server that nobody waits long for, and of which no list of stations is known."""
    monkeypatch.setattr(download, "BACK_OFF", 0.01)
    ghcnh_stations._listed.cache_clear()
    with serving() as running:
        yield running
