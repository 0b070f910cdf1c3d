"""trace_records/: series are posted in any order and repeatedly, and parts of them are listed."""

import random
import uuid
from typing import Any

import pytest

from tests.stack.client import Api
from tests.stack.names import ABSENT
from tests.stack.records import hour


def make(api: Api, unit: str = "kWh", interpretation: str = "E_C_S") -> int:
    body = {"trace_id": uuid.uuid4().hex, "interpretation": interpretation, "unit": unit}
    return int(api.post("traces/", body)["id"])


def reading(trace: int, n: float, value: float | None, estimated: bool = False) -> dict[str, Any]:
    return {"trace": trace, "start": hour(n), "value": value, "estimated": estimated}


@pytest.fixture
def trace(api: Api) -> int:
    """A trace without records, in kWh."""
    return make(api)


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
