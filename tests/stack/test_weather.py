"""Weather: normal years from files, and runs whose temperatures the worker fetches."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from eeweather.stations import get_isd_filenames

from chalicelib.metering.stations import nearest_normal_stations, nearest_stations
from infra.local.stack import LocalStack
from tests import normal_file
from tests.file_server import FileServer, sample, serving
from tests.stack.client import Api

ZIPCODE, TIMEZONE = "90007", "America/Los_Angeles"  # where the file that eeweather includes was observed, in 2007
FIRST, SECOND = nearest_stations(ZIPCODE)[:2]
ABSENT, NORMAL, OTHER = nearest_normal_stations(ZIPCODE)[:3]


def unique_station() -> str:
    return uuid.uuid4().hex[:6].upper()


def post_file(api: Api, content: bytes, content_type: str = "text/csv") -> requests.Response:
    return api.call("POST", "weather_files/", data=content, headers={"Content-Type": content_type})


def tmy3(station: str) -> str:
    return f"/normals/{station}TYA.CSV"


def of_station(station: str, kind: str = normal_file.TMY3) -> bytes:
    return normal_file.text(kind).replace(normal_file.STATION.encode(), station.encode(), 1)


class TestFiles:
    @pytest.mark.parametrize("kind", [normal_file.TMY3, normal_file.CZ2010], ids=["TMY3", "CZ2010"])
    def test_a_normal_year_is_returned_in_fahrenheit_and_utc(self, api: Api, kind: str) -> None:
        station = unique_station()
        response = post_file(api, of_station(station, kind))
        assert response.status_code == 201, response.text
        assert response.json() == {"station": station, "dataset": "normal", "records": 8760}
        (first,) = api.get("weather_records/", station=station, dataset="normal", start="2015-01-01T08:00:00Z", limit=1)
        assert first["temperature"] == pytest.approx(normal_file.celsius(0) * 1.8 + 32)
        pages = api.pages("weather_records/", station=station, dataset="normal", limit=1000)
        assert sum(map(len, pages)) == 8760

    def test_a_file_replaces_the_previous_normal_year(self, api: Api) -> None:
        station = unique_station()
        hour = {"station": station, "dataset": "normal", "start": "2003-01-01T00:00:00Z", "unit": "F"}
        api.post("weather_records/", [{**hour, "temperature": 50.0}])
        for _ in range(2):
            assert post_file(api, of_station(station)).status_code == 201
        pages = api.pages("weather_records/", station=station, dataset="normal", limit=1000)
        assert sum(map(len, pages)) == 8760

    def test_an_invalid_file_is_refused_and_nothing_is_stored(self, api: Api) -> None:
        station = unique_station()
        lines = of_station(station).decode().replace("-8.0,34", "PST,34", 1)
        response = post_file(api, lines.encode())
        assert response.status_code == 400
        assert "Line 1, column 4: 'PST' is not a time zone" in response.json()["detail"]
        assert api.get("weather_records/", station=station, dataset="normal") == []

    @pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
    def test_another_content_type_is_refused(self, api: Api, content_type: str) -> None:
        response = post_file(api, normal_file.text(), content_type)
        assert response.status_code == 415
        assert "text/csv" in response.json()["detail"]


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    """The server that `fetching` uses: a sample year of the second station, normal years of all but the nearest one."""
    with serving() as running:
        for name in get_isd_filenames(SECOND.station, 2007):
            running.files[name.removeprefix("/pub/data/noaa")] = sample("ISD.gz")
        for ranked in (NORMAL, OTHER):
            running.files[tmy3(ranked.station)] = of_station(ranked.station)
        yield running


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory, server: FileServer) -> Iterator[Api]:
    """A client of a stack that fetches ISD and TMY3 files from that server."""
    parameters = {"WeatherSource": "isd", "WeatherUrl": server.url, "RetryDelay": "1"}
    parameters |= {"NormalSource": "tmy3", "NormalUrl": f"{server.url}/normals"}
    with LocalStack(tmp_path_factory.mktemp("fetching"), parameters) as running:
        yield Api(running.url, running.token)


def new_trace(api: Api, year: int, **project: Any) -> int:
    """Create a trace with about a year of days before the measure, and three days after it."""
    zone = ZoneInfo(TIMEZONE)
    days = [datetime(year, 1, 1, tzinfo=zone) + timedelta(days=day) for day in range(363)]
    body = {
        "project_id": uuid.uuid4().hex,
        "timezone": TIMEZONE,
        "baseline_period_end": days[359].isoformat(),
        "reporting_period_start": days[359].isoformat(),
        **project,
    }
    owner = api.post("projects/", body)["id"]
    trace = {"trace_id": uuid.uuid4().hex, "interpretation": "E_C_S", "unit": "kWh", "projects": [owner]}
    id = int(api.post("traces/", trace)["id"])
    values = [30 + 10 * abs(day.month - 6) / 6 + day.day % 5 for day in days]
    api.post(
        "trace_records/",
        [{"trace": id, "start": day.isoformat(), "value": v} for day, v in zip(days, values, strict=True)],
    )
    return id


class TestFetching:
    def test_a_run_fetches_missing_weather_once(self, fetching: Api, server: FileServer) -> None:
        trace = new_trace(fetching, 2007, zipcode=ZIPCODE)
        server.failures = [503] * 3  # as many as one attempt requests, so the queue delivers the run again
        run = fetching.succeeded(fetching.post("meter_runs/", {"trace": trace})["id"])

        document = requests.get(run["meter_input"]).json()
        given = {key: value for key, value in document["weather"].items() if key != "records"}
        chosen = {"station": SECOND.station, "rank": 2, "distance_km": SECOND.distance_km}
        assert given == {**chosen, "unit": "F"}
        assert len(document["weather"]["records"]) > 8600
        result = fetching.get(f"meter_results/{run['meter_result']}/")
        assert (result["weather_station"], result["weather_normal_station"]) == (SECOND.station, NORMAL.station)
        output = requests.get(result["meter_output"]).json()
        assert output["weather"] == chosen
        assert output["weather_normal"] == {"station": NORMAL.station, "rank": 2, "distance_km": NORMAL.distance_km}
        pages = fetching.pages("weather_records/", station=SECOND.station, limit=1000)
        assert sum(map(len, pages)) == 8755  # the hours of the file that were observed
        pages = fetching.pages("weather_records/", station=NORMAL.station, dataset="normal", limit=1000)
        assert sum(map(len, pages)) == 8760

        assert [server.asked.count(tmy3(ranked.station)) for ranked in (ABSENT, NORMAL, OTHER)] == [1, 1, 0]
        asked = list(server.asked)
        again = fetching.succeeded(fetching.post("meter_runs/", {"trace": trace})["id"])
        assert server.asked == asked
        back = fetching.succeeded(fetching.post("meter_runs/", {"meter_input": document})["id"])
        assert server.asked == asked
        for other in (again, back):
            assert strip(fetching.derivatives(other)) == strip(fetching.derivatives(run))
        repeated = fetching.get(f"meter_results/{back['meter_result']}/")
        assert requests.get(repeated["meter_output"]).json()["weather"] == chosen

        named = {"weather_station": SECOND.station, "weather_normal_station": OTHER.station}
        trace = new_trace(fetching, 2007, **named)
        server.failures = [503] * 3  # the observed year is stored, so the normal year fails
        run = fetching.succeeded(fetching.post("meter_runs/", {"trace": trace})["id"])
        assert server.asked[len(asked) :] == [tmy3(OTHER.station)] * 4
        document = requests.get(run["meter_input"]).json()
        assert document["weather_normal"]["station"] == OTHER.station
        assert len(document["weather_normal"]["records"]) == 8760

    def test_an_unavailable_year_is_reported(self, fetching: Api) -> None:
        trace = new_trace(fetching, 2003, weather_station=SECOND.station, weather_normal_station=NORMAL.station)
        run = fetching.ended(fetching.post("meter_runs/", {"trace": trace})["id"])
        assert run["status"] == "FAILED"
        assert f"Station {SECOND.station} lacks" in run["failure_message"]
        assert "from 2003-01-01T08:00Z to 2003-12-29T07:00Z" in run["failure_message"]
        assert "This deployment's source, isd, has no more data" in run["failure_message"]

    def test_an_unavailable_normal_year_is_reported(self, fetching: Api) -> None:
        named = {"weather_station": SECOND.station, "weather_normal_station": ABSENT.station}
        run = fetching.ended(fetching.post("meter_runs/", {"trace": new_trace(fetching, 2007, **named)})["id"])
        assert run["status"] == "FAILED"
        assert run["failure_message"] == (
            f"Station {ABSENT.station} lacks 8,760 of the 8,760 hours of normal temperatures, from 01-01T00:00Z to"
            " 12-31T23:00Z. This deployment's source of normal years, tmy3, is used only for stations without stored"
            " hours, and has none for them. Upload a TMY3 or CZ2010 file of the station to weather_files/, or post the"
            " hours to weather_records/, then run again."
        )


def test_a_deployment_without_a_source_fetches_nothing(api: Api) -> None:
    trace = new_trace(api, 2002, zipcode=ZIPCODE)
    run = api.ended(api.post("meter_runs/", {"trace": trace})["id"])
    assert run["status"] == "FAILED"
    for ranked in nearest_stations(ZIPCODE):
        assert f"station {ranked.station} ({ranked.distance_km} km) lacks" in run["failure_message"]
    assert "Post the missing hours to weather_records/" in run["failure_message"]


def strip(derivatives: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The numbers of derivatives."""
    sides = ("baseline_", "reporting_")
    return {
        name: {key: value for key, value in derivative.items() if key.startswith(sides)}
        for name, derivative in derivatives.items()
    }
