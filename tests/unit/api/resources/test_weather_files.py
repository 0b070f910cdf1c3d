"""weather_files/: TMY3 and CZ2010 files as they are published."""

from datetime import UTC, datetime, timedelta

import eeweather.stations
import pytest

from chalicelib.api.shared import normal_files
from chalicelib.store.series import series
from tests import normal_file
from tests.file_server import serving
from tests.normal_file import CZ2010, STATION, TMY3
from tests.unit.api.conftest import Api, Memory, Response

PREFIX = series.weather_prefix("normal", STATION)
KINDS = pytest.mark.parametrize("kind", [TMY3, CZ2010], ids=["TMY3", "CZ2010"])


def post(call: Api, content: bytes, query: str = "", content_type: str = "text/csv") -> Response:
    return call("POST", f"weather_files/{query}", content, Content_Type=content_type)


@KINDS
def test_a_file_is_accepted_as_published(call: Api, memory: Memory, kind: str) -> None:
    response = post(call, normal_file.text(kind))
    assert (response.status, response.json) == (201, {"station": STATION, "dataset": "normal", "records": 8760})
    column = memory.series[PREFIX]
    assert len(set(column.starts)) == 8760
    midnight = int(datetime(2015, 1, 1, 8, tzinfo=UTC).timestamp()) * 1_000_000  # 0:00 in California
    by_start = dict(zip(column.starts, column.values, strict=True))
    assert by_start[midnight] == pytest.approx(normal_file.celsius(0) * 1.8 + 32)
    # the last eight hours of the local year are the first of the year in UTC
    assert by_start[midnight - 3_600_000_000] == pytest.approx(normal_file.celsius(8759) * 1.8 + 32)


@KINDS
def test_it_is_read_as_eeweather_reads_it(call: Api, memory: Memory, kind: str) -> None:
    with serving() as server:
        server.files["/normal.csv"] = normal_file.text(kind)
        expected = eeweather.stations.fetch_hourly_normalized_temp_data(STATION, f"{server.url}/normal.csv", "TMY3")
    post(call, normal_file.text(kind))
    assert expected.notna().all()
    assert list(memory.series[PREFIX].values) == pytest.approx(list(expected * 1.8 + 32))


@pytest.mark.parametrize("content_type", ["text/csv; charset=utf-8", "Text/CSV"])
def test_a_content_type_may_have_parameters(call: Api, content_type: str) -> None:
    assert post(call, normal_file.text(), content_type=content_type).status == 201


def test_a_byte_order_mark_and_blank_lines_are_ignored(call: Api) -> None:
    assert post(call, b"\xef\xbb\xbf" + normal_file.text() + b"\n\n").status == 201


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(call: Api, content_type: str) -> None:
    response = post(call, normal_file.text(), content_type=content_type)
    assert response.status == 415
    assert "send text/csv" in response.json["detail"]


def test_the_station_may_be_a_parameter_if_the_file_has_none(call: Api, memory: Memory) -> None:
    content = normal_file.changed(1, STATION, "BURBANK")
    assert "parameter station" in post(call, content).json["detail"]
    assert post(call, content, "?station=722886").json["station"] == "722886"
    assert post(call, content, "?station=7228").pointers == ["/station"]
    assert list(memory.series) == [series.weather_prefix("normal", "722886")]


def test_the_parameter_may_not_contradict_the_file(call: Api) -> None:
    response = post(call, normal_file.text(), "?station=722886")
    assert response.status == 400
    assert "for station 722880, but the parameter station is 722886" in response.json["detail"]
    assert post(call, normal_file.text(), f"?station={STATION}").status == 201


def test_it_replaces_the_previous_normal_year(call: Api, memory: Memory) -> None:
    memory.series[PREFIX] = series.Column()
    memory.series[PREFIX].append(0, 50.0)
    post(call, normal_file.text())
    assert len(memory.series[PREFIX]) == 8760


@pytest.mark.parametrize(
    ("line", "old", "new", "message"),
    [
        (1, "-8.0", "PST", "Line 1, column 4: 'PST' is not a time zone in hours from UTC"),
        (1, "-8.0", "-80", "Line 1, column 4: '-80' is not a time zone"),
        (2, "Dry-bulb (C)", "Dry bulb", "Line 2 has no column Dry-bulb (C); send a TMY3 or CZ2010 file"),
        (3, "01/01/1992", "1992-01-01", "Line 3, column 1 (Date (MM/DD/YYYY)): '1992-01-01' is not a day"),
        (1419, "03/01", "02/29", "Line 1419, column 1 (Date (MM/DD/YYYY)): '02/29/1994' is not a day"),
        (4, "02:00", "25:00", "Line 4, column 2 (Time (HH:MM)): '25:00' is not an hour from 01:00 to 24:00"),
        (4, "02:00", "02:30", "Line 4, column 2 (Time (HH:MM)): '02:30' is not an hour"),
        (4, "02:00", "01:00", "Line 4, column 2 (Time (HH:MM)): '01:00' of 01/01/1992 is a duplicate"),
        (5, f",{normal_file.celsius(2)},", ",,", "Line 5, column 32 (Dry-bulb (C)): '' is not a temperature"),
        (5, f",{normal_file.celsius(2)},", ",-9900,", "Line 5, column 32 (Dry-bulb (C)): '-9900' is not a temperature"),
        (5, f",{normal_file.celsius(2)},", ",nan,", "Line 5, column 32 (Dry-bulb (C)): 'nan' is not a temperature"),
        (8762, "12/31/2003,24:00", ",,", "Line 8762, column 1 (Date (MM/DD/YYYY)): '' is not a day"),
    ],
)
def test_an_error_names_its_line_and_column(
    call: Api, memory: Memory, line: int, old: str, new: str, message: str
) -> None:
    response = post(call, normal_file.changed(line, old, new))
    assert response.status == 400
    assert message in response.json["errors"][0]["detail"]
    assert not memory.series


def test_the_first_errors_are_listed(call: Api) -> None:
    content = "\n".join(line.replace(",0,E,9,0,E,9,", ",0,E,9,0,E,9,x") for line in normal_file.lines()).encode()
    response = post(call, content)
    assert (
        response.json["detail"] == "The request has at least 100 errors; see `errors` for the first. There may be more."
    )
    assert len(response.json["errors"]) == 100


def test_a_year_must_be_complete(call: Api) -> None:
    lines = normal_file.lines()
    response = post(call, "\n".join(lines[:100] + lines[110:]).encode())
    assert response.json["detail"] == (
        "The file lacks 10 of the 8,760 hours of a year; the first missing hour is 01/05, 03:00."
        " Send the complete file."
    )


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b"a,b", b"\x00\xff", normal_file.text()[:500], b'"' + b"x" * 200_000]
)
def test_any_other_content_is_refused(call: Api, content: bytes) -> None:
    assert post(call, content).status == 400


def test_a_half_hour_offset_is_preserved() -> None:
    lines = [TMY3.replace("-8.0", "5.5"), *normal_file.lines()[1:]]
    _, column = normal_files.read("\n".join(lines), None)
    assert {datetime.fromtimestamp(start / 1e6, UTC).minute for start in column.starts} == {30}
    span = timedelta(microseconds=column.starts[-1] - column.starts[0])
    assert span == timedelta(hours=8759)
