"""trace_records/ and weather_records/: series are posted in any order and repeatedly, and parts of them are listed."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stack.client import Api

ABSENT = 999_999_999
START = datetime(2015, 1, 1, tzinfo=UTC)


def hour(n: float) -> str:
    return (START + timedelta(hours=n)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def make(api: Api, unit: str = "kWh", interpretation: str = "E_C_S") -> int:
    body = {"trace_id": uuid.uuid4().hex, "interpretation": interpretation, "unit": unit}
    return int(api.post("traces/", body)["id"])


def reading(trace: int, n: float, value: float | None, estimated: bool = False) -> dict[str, Any]:
    return {"trace": trace, "start": hour(n), "value": value, "estimated": estimated}


def whole(api: Api, **query: Any) -> list[dict[str, Any]]:
    path = "trace_records/" if "trace" in query else "weather_records/"
    return [record for page in api.pages(path, limit=1000, **query) for record in page]


@pytest.fixture
def trace(api: Api) -> int:
    """A trace without records, in kWh."""
    return make(api)


def new_station() -> str:
    return uuid.uuid4().hex[:6].upper()


@pytest.fixture
def station() -> str:
    """A station without records."""
    return new_station()


def weather(station: str, n: float, temperature: float, **fields: Any) -> dict[str, Any]:
    record = {"station": station, "dataset": "observed", "start": hour(n), "temperature": temperature, "unit": "F"}
    return record | fields


class TestTraceRecords:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_are_returned_in_order_as_posted(self, api: Api, trace: int, slash: str) -> None:
        assert api.get(f"trace_records{slash}", trace=trace) == []
        records = [
            reading(trace, 0, 12.3),
            reading(trace, 1, None),
            reading(trace, 2, 0.0, estimated=True),
            reading(trace, 3, -1.5),  # a net meter runs backwards
            reading(trace, 4.5, 0.1 + 0.2),
            reading(trace, 5, None, estimated=True),
        ]
        shuffled = random.sample(records, len(records))
        assert api.post(f"trace_records{slash}", shuffled) == {"records": len(records)}
        assert api.get(f"trace_records{slash}", trace=trace) == records
        assert list(api.get(f"trace_records{slash}", trace=trace)[0]) == ["trace", "start", "value", "estimated"]

    def test_the_newest_value_of_an_instant_wins(self, api: Api, trace: int) -> None:
        api.post("trace_records/", [reading(trace, n, float(n)) for n in range(4)])
        api.post("trace_records/", [reading(trace, 1, 10.0, True), reading(trace, 2, None), reading(trace, 3, 1.0)])
        offset = {"trace": trace, "start": "2015-01-01T05:30:00+05:30", "value": 40.0}  # hour 0
        api.post("trace_records/", [reading(trace, 3, 2.0), reading(trace, 3, 30.0), offset])
        assert api.get("trace_records/", trace=trace) == [
            reading(trace, 0, 40.0),
            reading(trace, 1, 10.0, True),
            reading(trace, 2, None),
            reading(trace, 3, 30.0),
        ]

    def test_many_small_posts_are_one_series(self, api: Api, trace: int) -> None:
        for n in range(30):
            api.post("trace_records/", [reading(trace, n, float(n)), reading(trace, n + 1, -1.0)])
        expected = [reading(trace, n, float(n)) for n in range(30)] + [reading(trace, 30, -1.0)]
        assert api.get("trace_records/", trace=trace) == expected

    def test_a_post_may_have_several_traces(self, api: Api) -> None:
        first, second = make(api), make(api)
        api.post("trace_records/", [reading(id, n, float(id + n)) for n in range(3) for id in (first, second)])
        for id in (first, second):
            assert api.get("trace_records/", trace=id) == [reading(id, n, float(id + n)) for n in range(3)]

    @pytest.mark.parametrize(
        ("unit", "interpretation", "factor"),
        [
            ("Wh", "E_C_S", 0.001),
            ("wh", "E_OSG_T", 0.001),
            ("kWh", "E_C_S", 1),
            ("MWh", "E_C_N", 1000),
            ("therms", "NG_C_S", 1),
            ("thm", "NG_C_S", 1),
        ],
    )
    def test_values_are_stored_in_the_traces_unit(
        self, api: Api, unit: str, interpretation: str, factor: float
    ) -> None:
        trace = make(api, unit, interpretation)
        api.post("trace_records/", [reading(trace, 0, 1234.0), reading(trace, 1, None)])
        shown = api.get("trace_records/", trace=trace)
        assert [record["value"] for record in shown] == [pytest.approx(1234 * factor, rel=1e-15), None]

    def test_a_new_unit_applies_to_later_records(self, api: Api, trace: int) -> None:
        api.post("trace_records/", [reading(trace, 0, 5.0)])
        api.call("PATCH", f"traces/{trace}/", json={"unit": "Wh"})
        api.post("trace_records/", [reading(trace, 1, 5000.0)])
        assert [record["value"] for record in api.get("trace_records/", trace=trace)] == [5.0, 5.0]

    def test_10_000_records_in_one_post_are_returned_page_by_page(self, api: Api, trace: int) -> None:
        records = [reading(trace, n / 4, n * 0.1) for n in range(10_000)]
        problem = api.refused("POST", "trace_records/", 400, json=[*records, reading(trace, 9999, 1.0)])
        assert [error["pointer"] for error in problem["errors"]] == [""]
        assert api.get("trace_records/", trace=trace) == []
        assert api.post("trace_records/", records) == {"records": 10_000}
        pages = api.pages("trace_records/", trace=trace, limit=1000)
        assert [record for page in pages for record in page] == records
        assert [len(page) for page in pages] == [1000] * 10
        assert api.get("trace_records/", trace=trace) == records[:100]

    @pytest.mark.parametrize(
        ("query", "hours"),
        [
            ({"start": hour(3)}, range(3, 10)),
            ({"end": hour(3)}, range(3)),  # the end is exclusive
            ({"start": hour(2.5), "end": hour(6)}, range(3, 6)),
            ({"start": "2015-01-01T05:00:00+03:00", "end": "2014-12-31T20:00:00-08:00"}, range(2, 4)),
            ({"start": hour(10)}, range(0)),
            ({"start": hour(5), "end": hour(5)}, range(0)),
        ],
        ids=str,
    )
    def test_a_part_of_a_series(self, api: Api, trace: int, query: dict[str, str], hours: range) -> None:
        api.post("trace_records/", [reading(trace, n, float(n)) for n in range(10)])
        expected = [reading(trace, n, float(n)) for n in hours]
        assert api.get("trace_records/", trace=trace, **query) == expected
        pages = api.pages("trace_records", trace=trace, limit=2, **query)
        assert [record for page in pages for record in page] == expected
        assert max(map(len, pages)) <= 2

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"trace": ABSENT}, "/1/trace"),
            ({"trace": "1"}, "/1/trace"),
            ({"start": "2015-01-01T00:00:00"}, "/1/start"),
            ({"start": "2015-01-01"}, "/1/start"),
            ({"start": "yesterday"}, "/1/start"),
            ({"start": 1420070400}, "/1/start"),
            ({"start": None}, "/1/start"),
            ({"value": "12"}, "/1/value"),
            ({"value": True}, "/1/value"),
            ({"estimated": "yes"}, "/1/estimated"),
            ({"estimated": None}, "/1/estimated"),
            ({"unit": "kWh"}, "/1/unit"),
        ],
        ids=str,
    )
    def test_an_invalid_record_is_reported_and_nothing_is_written(
        self, api: Api, trace: int, fields: dict[str, Any], pointer: str
    ) -> None:
        body = [reading(trace, 0, 1.0), reading(trace, 1, 1.0) | fields]
        problem = api.refused("POST", "trace_records/", 400, json=body)
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
        assert api.get("trace_records/", trace=trace) == []

    def test_several_values_of_an_instant_are_reported_and_the_last_is_stored(self, api: Api, trace: int) -> None:
        records = [reading(trace, 0, 1.0), reading(trace, 1, 2.0), reading(trace, 0, 1.0), reading(trace, 1, 3.0)]
        duplicates = {"count": 1, "first": [{"trace": trace, "start": hour(1), "values": 2}]}
        assert api.post("trace_records/", records) == {"records": 4, "duplicates": duplicates}
        assert api.get("trace_records/", trace=trace) == [reading(trace, 0, 1.0), reading(trace, 1, 3.0)]
        assert api.post("trace_records/", [reading(trace, 1, 2.0)]) == {"records": 1}
        assert api.get("trace_records/", trace=trace) == [reading(trace, 0, 1.0), reading(trace, 1, 2.0)]

    def test_a_date_is_midnight_in_the_time_zone_of_the_projects(self, api: Api) -> None:
        fields = {"timezone": "America/Sao_Paulo", "baseline_period_end": "2016-10-16"}  # this day begins at 1:00
        first, second = (api.post("projects/", {"project_id": uuid.uuid4().hex, **fields}) for _ in range(2))
        assert first["baseline_period_end"] == "2016-10-16T03:00:00.000000Z"
        trace = make(api)
        record = {"trace": trace, "start": "2016-10-16", "value": 1.0}
        problem = api.refused("POST", "trace_records/", 400, json=[record])
        assert "belongs to no project" in problem["detail"]
        api.call("PATCH", f"traces/{trace}/", json={"projects": [first["id"], second["id"]]})
        api.post("trace_records/", [record])
        (stored,) = api.get("trace_records/", trace=trace)
        assert stored["start"] == first["baseline_period_end"]
        api.call("PATCH", f"projects/{second['id']}/", json={"timezone": "America/Bogota"})
        problem = api.refused("POST", "trace_records/", 400, json=[record])
        assert "America/Bogota" in problem["detail"]
        assert "America/Sao_Paulo" in problem["detail"]
        assert api.get("trace_records/", trace=trace) == [stored]

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_a_value_must_be_finite(self, api: Api, trace: int, value: str) -> None:
        body = f'[{{"trace": {trace}, "start": "2015-01-01T00:00:00Z", "value": {value}}}]'
        headers = {"Content-Type": "application/json"}
        problem = api.refused("POST", "trace_records/", 400, data=body, headers=headers)
        assert [error["pointer"] for error in problem["errors"]] == ["/0/value"]
        assert api.get("trace_records/", trace=trace) == []

    @pytest.mark.parametrize("name", ["trace", "start", "value"])
    def test_a_record_needs_its_fields(self, api: Api, trace: int, name: str) -> None:
        record = reading(trace, 0, 1.0)
        del record[name]
        problem = api.refused("POST", "trace_records/", 400, json=[record])
        assert [error["pointer"] for error in problem["errors"]] == [f"/0/{name}"]

    def test_estimated_may_be_left_out(self, api: Api, trace: int) -> None:
        api.post("trace_records/", [{"trace": trace, "start": hour(0), "value": 1}])
        assert api.get("trace_records/", trace=trace) == [reading(trace, 0, 1.0)]

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"trace": ABSENT},
            {"trace": "x"},
            {"start": "2015-01-01"},
            {"end": "2015-01-01T00:00:00"},
            {"start": "1420070400"},
        ],
        ids=str,
    )
    def test_an_invalid_query_is_reported(self, api: Api, trace: int, query: dict[str, str]) -> None:
        wrong = next(iter(query), "trace")
        given = query if wrong == "trace" else {"trace": trace, **query}
        problem = api.refused("GET", "trace_records/", 400, params=given)
        assert [error["pointer"] for error in problem["errors"]] == [f"/{wrong}"]


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
