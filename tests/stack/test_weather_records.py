"""weather_records/: series are posted in any order and repeatedly, and parts of them are listed."""

import uuid
from typing import Any

import pytest

from tests.stack.client import Api
from tests.stack.records import hour, whole


def new_station() -> str:
    return uuid.uuid4().hex[:6].upper()


@pytest.fixture
def station() -> str:
    """A station without records."""
    return new_station()


def weather(station: str, n: float, temperature: float, **fields: Any) -> dict[str, Any]:
    record = {"station": station, "dataset": "observed", "start": hour(n), "temperature": temperature, "unit": "F"}
    return record | fields


class TestWeatherRecords:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_are_stored_in_fahrenheit(self, api: Api, station: str, slash: str) -> None:
        given = [weather(station, 2, -40.0, unit="C"), weather(station, 0, 71.2), weather(station, 1, 10.0, unit="C")]
        assert api.post(f"weather_records{slash}", given) == {"records": 3}
        shown = api.get(f"weather_records{slash}", station=station)
        assert [record | {"temperature": 0.0} for record in shown] == [weather(station, n, 0.0) for n in range(3)]
        assert [record["temperature"] for record in shown] == pytest.approx([71.2, 50.0, -40.0], abs=1e-9)
        assert list(shown[0]) == ["station", "dataset", "start", "temperature", "unit"]

    def test_are_stored_by_station_dataset_and_start_and_the_newest_wins(self, api: Api, station: str) -> None:
        other = new_station()
        api.post("weather_records/", [weather(station, n, 50.0 + n) for n in range(3)])
        given = [
            weather(station, 1, 0.0),
            weather(station, 1, 1.0),
            weather(station, 1, 70.0, dataset="normal"),
            weather(other, 1, 80.0),
        ]
        api.post("weather_records/", given)
        observed = api.get("weather_records/", station=station)
        assert [record["temperature"] for record in observed] == [50.0, 1.0, 52.0]
        assert api.get("weather_records/", station=station, dataset="observed") == observed
        assert api.get("weather_records/", station=station, dataset="normal") == [given[2]]
        assert api.get("weather_records/", station=other) == [given[3]]
        assert api.get("weather_records/", station=other, dataset="normal") == []

    def test_a_normal_year_in_parts_and_pages(self, api: Api, station: str) -> None:
        records = [weather(station, n, n % 100 - 20.0, dataset="normal") for n in range(8760)]
        assert api.post("weather_records/", records[::-1]) == {"records": 8760}
        assert whole(api, station=station, dataset="normal") == records
        part = whole(api, station=station, dataset="normal", start=hour(100), end=hour(2300))
        assert part == records[100:2300]
        assert len(api.get("weather_records/", station=station, dataset="normal")) == 100

    def test_10_001_records_are_refused(self, api: Api, station: str) -> None:
        records = [weather(station, n, 50.0) for n in range(10_001)]
        api.refused("POST", "weather_records/", 400, json=records)
        assert api.get("weather_records/", station=station) == []

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"station": "724"}, "/1/station"),
            ({"station": 724390}, "/1/station"),
            ({"dataset": "tmy3"}, "/1/dataset"),
            ({"start": "2015-01-01T00:00:00"}, "/1/start"),
            ({"temperature": None}, "/1/temperature"),
            ({"temperature": "71"}, "/1/temperature"),
            ({"temperature": 999.9}, "/1/temperature"),
            ({"temperature": 150.0}, "/1/temperature"),
            ({"temperature": 75.0, "unit": "C"}, "/1/temperature"),  # more likely in °F
            ({"unit": "K"}, "/1/unit"),
            ({"hour": 1}, "/1/hour"),
        ],
        ids=str,
    )
    def test_an_invalid_record_is_reported_and_nothing_is_written(
        self, api: Api, station: str, fields: dict[str, Any], pointer: str
    ) -> None:
        body = [weather(station, 0, 50.0), weather(station, 1, 50.0) | fields]
        problem = api.refused("POST", "weather_records/", 400, json=body)
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
        assert api.get("weather_records/", station=station) == []

    @pytest.mark.parametrize(
        "query", [{"dataset": "tmy3"}, {"start": "2015-01-01"}, {"end": "x"}, {"trace": "1"}], ids=str
    )
    def test_an_invalid_query_is_reported(self, api: Api, station: str, query: dict[str, str]) -> None:
        problem = api.refused("GET", "weather_records/", 400, params={"station": station, **query})
        assert [error["pointer"] for error in problem["errors"]] == [f"/{next(iter(query))}"]
