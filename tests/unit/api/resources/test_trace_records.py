"""trace_records/"""

from typing import Any

import pytest

from chalicelib.store.series.series import DUPLICATE, ESTIMATED
from tests.unit.api.conftest import Api, Memory


def test_records_are_stored_in_the_datastores_unit_and_the_last_value_wins(call: Api) -> None:
    call("POST", "traces/", {"trace_id": "t", "interpretation": "E_C_S", "unit": "Wh"})
    start, end = "2015-01-01T00:00:00-06:00", "2015-01-02T00:00:00.000001-06:00"
    response = call(
        "POST",
        "trace_records/",
        [
            {"trace": 1, "start": end, "value": None},
            {"trace": 1, "start": start, "value": 1, "estimated": True},
            {"trace": 1, "start": start, "value": 1500.0},
        ],
    )
    duplicates = {"count": 1, "first": [{"trace": 1, "start": "2015-01-01T06:00:00.000000Z", "values": 2}]}
    assert (response.status, response.json) == (201, {"records": 3, "duplicates": duplicates})
    first = {"trace": 1, "start": "2015-01-01T06:00:00.000000Z", "value": 1.5, "estimated": False}
    last = {"trace": 1, "start": "2015-01-02T06:00:00.000001Z", "value": None, "estimated": False}
    assert call("GET", "trace_records/?trace=1").json == [first, last]
    assert call("GET", "trace_records/?trace=1&start=2015-01-01T06:00:00.000001Z").json == [last]
    assert call("GET", "trace_records/?trace=1&end=2015-01-02T06:00:00.000001Z").json == [first]


@pytest.mark.parametrize(
    ("record", "pointer"),
    [
        ({"trace": 9, "start": "2015-01-01T00:00:00Z", "value": 1}, "/1/trace"),
        ({"trace": 1, "start": "2015-01-01T00:00:00", "value": 1}, "/1/start"),
        ({"trace": 1, "start": "2015-01-01T00:00:00Z"}, "/1/value"),
        ({"trace": 1, "start": "2015-01-01T00:00:00Z", "value": "1"}, "/1/value"),
        ({"trace": 1, "start": "2015-01-01T00:00:00Z", "value": float("nan")}, "/1/value"),
        ({"trace": 1, "start": "1015-01-01T00:00:00Z", "value": 1}, "/1/start"),
        ({"trace": 1, "start": "1015-01-01", "value": 1}, "/1/start"),
        ({"trace": 2, "start": "2015-02-29", "value": 1}, "/1/start"),
        ({"trace": 9, "start": "2015-01-01", "value": 1}, "/1/trace"),
    ],
)
def test_one_invalid_record_refuses_the_whole_request(
    portfolio: Api, memory: Memory, record: Any, pointer: str
) -> None:
    good = {"trace": 1, "start": "2015-01-01T00:00:00Z", "value": 1}
    response = portfolio("POST", "trace_records/", [good, record])
    assert (response.status, response.pointers) == (400, [pointer])
    assert not memory.series


def test_several_values_for_an_instant_are_reported_until_corrected(portfolio: Api, memory: Memory) -> None:
    def post(*values: Any) -> Any:
        records = [{"trace": 2, "start": f"2015-01-01T{n // 60:02}:{n % 60:02}:00Z", "value": v} for n, v in values]
        return portfolio("POST", "trace_records/", records).json

    assert post((0, 1), (0, 1.0), (1, 2), (1, 2)) == {"records": 4}  # equal values are not reported
    assert post((0, 1), (0, 2), (0, 1), (0, None)) == {
        "records": 4,
        "duplicates": {"count": 1, "first": [{"trace": 2, "start": "2015-01-01T00:00:00.000000Z", "values": 3}]},
    }
    assert portfolio("GET", "trace_records/?trace=2").json[0]["value"] is None
    many = post(*((n, n + value) for n in range(30) for value in (0, 1)))["duplicates"]
    assert (many["count"], len(many["first"])) == (30, 20)
    assert [one["values"] for one in many["first"]] == [2] * 20
    stored = memory.read("series/traces/2/")
    assert set(stored.flags) == {DUPLICATE}
    assert list(stored.values) == [n + 1.0 for n in range(30)]
    post((0, 1))
    assert list(memory.read("series/traces/2/").flags) == [0] + [DUPLICATE] * 29
    record = {"trace": 2, "start": "2015-01-01T00:00:00Z", "value": 1, "estimated": True}
    portfolio("POST", "trace_records/", [record | {"value": 2}, record])
    assert memory.read("series/traces/2/").flags[0] == ESTIMATED | DUPLICATE
    assert portfolio("GET", "trace_records/?trace=2&limit=2").json[1]["estimated"] is False


def test_a_date_is_midnight_in_the_time_zone_of_the_traces_projects(portfolio: Api, memory: Memory) -> None:
    portfolio("PATCH", "projects/1/", {"timezone": "America/Chicago"})
    portfolio("PATCH", "projects/2/", {"timezone": "America/Chicago"})
    portfolio("PATCH", "traces/3/", {"projects": [1, 2]})
    days = [("2015-03-08", "06"), ("2015-03-09", "05")]  # before and after the clocks change
    records = [{"trace": trace, "start": day, "value": 1} for trace in (2, 3) for day, _ in days]
    records.append({"trace": 1, "start": "2015-03-08T01:00:00+01:00", "value": 1})
    assert portfolio("POST", "trace_records/", records).status == 201
    for trace in (2, 3):
        shown = portfolio("GET", f"trace_records/?trace={trace}").json
        assert [record["start"] for record in shown] == [f"{day}T{hour}:00:00.000000Z" for day, hour in days]
    assert portfolio("GET", "trace_records/?trace=1").json[0]["start"] == "2015-03-08T00:00:00.000000Z"


def test_a_date_without_a_unique_time_zone_is_refused(portfolio: Api, memory: Memory) -> None:
    portfolio("PATCH", "projects/2/", {"timezone": "America/Chicago"})
    portfolio("PATCH", "traces/3/", {"projects": [1, 2]})
    response = portfolio("POST", "trace_records/", [{"trace": n, "start": "2015-03-08", "value": 1} for n in (1, 2, 3)])
    assert response.pointers == ["/0/start", "/2/start"]
    unlinked, between = (one["detail"] for one in response.json["errors"])
    assert "trace 1 belongs to no project" in unlinked
    assert "link it to one, or give an offset, such as 2015-03-08T00:00:00-06:00." in unlinked
    assert "America/Chicago (project 2) and UTC (project 1); give an offset" in between
    assert not memory.series


def test_records_of_an_unknown_trace_are_a_400(call: Api) -> None:
    response = call("GET", "trace_records/?trace=9")
    assert response.status == 400
    assert response.json["errors"][0]["parameter"] == "trace"


def test_a_plus_lost_in_the_url_is_explained(call: Api) -> None:
    response = call("GET", "trace_records/?trace=1&start=2015-01-01T00:00:00+00:00")
    assert "%2B" in response.json["detail"]
