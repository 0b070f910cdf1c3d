"""What the sources are fetched from."""

from collections.abc import Iterator

import pytest

from chalicelib.weather import download
from tests.file_server import FileServer, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server that nobody waits long for."""
    monkeypatch.setattr(download, "BACK_OFF", 0.01)
    with serving() as running:
        yield running
