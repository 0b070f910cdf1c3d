"""Fetching normal years from a local server, with generated files in the real format."""

import eeweather.mockable
import pytest

from chalicelib.api.shared import normal_files
from chalicelib.weather import NORMAL_SOURCES, Unavailable, Unusable, normal
from tests import normal_file
from tests.file_server import FileServer
from tests.normal_file import CZ2010, STATION, TMY3

PATH = f"/{STATION}TYA.CSV"
KINDS = pytest.mark.parametrize(
    ("source", "kind", "path"), [("tmy3", TMY3, PATH), ("cz2010", CZ2010, f"/{STATION}_CZ2010.CSV")]
)


@KINDS
def test_a_fetched_year_equals_the_same_file_uploaded(server: FileServer, source: str, kind: str, path: str) -> None:
    server.files[path] = normal_file.text(kind)
    hours = NORMAL_SOURCES[source](server.url, STATION)
    assert server.asked == [path]
    _, column = normal_files.read(normal_file.text(kind).decode(), None)
    assert hours is not None
    assert [start for start, _ in hours] == list(column.starts)
    assert [fahrenheit for _, fahrenheit in hours] == pytest.approx(list(column.values))


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("tmy3", f"https://storage.googleapis.com/openeemeter-public-resources/tmy3_archive{PATH}"),
        ("cz2010", f"https://storage.googleapis.com/oee-cz2010/csv/{STATION}_CZ2010.CSV"),
    ],
)
def test_without_a_mirror_eeweathers_default_url_is_requested(
    monkeypatch: pytest.MonkeyPatch, source: str, url: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(normal, "download", asked.append)  # returns None: no such file
    assert NORMAL_SOURCES[source]("", STATION) is None
    assert asked == [url]


def test_a_mirror_may_be_a_folder(server: FileServer) -> None:
    server.files[f"/normals{PATH}"] = normal_file.text()
    assert NORMAL_SOURCES["tmy3"](f"{server.url}/normals/", STATION)


@KINDS
def test_a_year_that_does_not_exist(server: FileServer, source: str, kind: str, path: str) -> None:
    assert NORMAL_SOURCES[source](server.url, STATION) is None
    assert server.asked == [path]


@pytest.mark.parametrize("source", NORMAL_SOURCES)
def test_a_station_without_a_normal_year_is_not_requested(server: FileServer, source: str) -> None:
    assert NORMAL_SOURCES[source](server.url, "ABCDEF") is None
    assert server.asked == []


def test_eeweathers_own_request_function_is_restored(server: FileServer) -> None:
    before = eeweather.mockable.request_text
    NORMAL_SOURCES["tmy3"](server.url, STATION)
    assert eeweather.mockable.request_text is before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"\x1f\x8b\xff",
        normal_file.changed(1, "-8.0", "PST"),
        normal_file.changed(1, "-8.0", "inf"),
        normal_file.changed(1419, "03/01", "02/29"),
        normal_file.changed(4, "02:00", "25:00"),
        normal_file.changed(5, f",{normal_file.celsius(2)},", ",,"),
        normal_file.text()[:100_000],
    ],
    ids=["empty", "page", "bytes", "zone", "no zone", "day", "hour", "value", "cut"],
)
def test_an_unreadable_file_is_named(server: FileServer, content: bytes) -> None:
    server.files[PATH] = content
    with pytest.raises(Unusable, match=f"The TMY3 file of station {STATION} "):
        NORMAL_SOURCES["tmy3"](server.url, STATION)


@pytest.mark.parametrize("given", ["-9900", "nan"])
def test_an_hour_without_a_temperature_is_reported(server: FileServer, given: str) -> None:
    server.files[PATH] = normal_file.changed(5, f",{normal_file.celsius(2)},", f",{given},")
    with pytest.raises(Unusable) as failure:
        NORMAL_SOURCES["tmy3"](server.url, STATION)
    assert str(failure.value) == (
        f"The TMY3 file of station {STATION} has no temperature between -90 and 60 °C for 1 of the 8,760 hours of the"
        " year, the first at 01-01T10:00Z and the last at 01-01T10:00Z."
    )


def test_a_persistent_server_error_is_unavailable(server: FileServer) -> None:
    server.files[PATH], server.failures = normal_file.text(), [503] * 9
    with pytest.raises(Unavailable, match=r"722880TYA.CSV could not be fetched in 3 tries: .*503"):
        NORMAL_SOURCES["tmy3"](server.url, STATION)
    assert len(server.asked) == 3
