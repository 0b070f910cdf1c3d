"""The server that the weather sources are fetched from."""

from collections.abc import Iterator

import pytest

from chalicelib.weather import download, ghcnh_stations
from tests.file_server import FileServer, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A local server, with short retry delays and no cached station list."""
    monkeypatch.setattr(download, "BACK_OFF", 0.01)
    ghcnh_stations._listed.cache_clear()
    with serving() as running:
        yield running
