"""traces/, trace_records/ and weather_records/"""

from typing import Any

import pytest

from chalicelib.api.resources.trace_schemas import EXAMPLE_OUT
from chalicelib.api.shared import examples
from chalicelib.store.series.series import DUPLICATE, ESTIMATED
from chalicelib.vocabulary import INTERPRETATIONS
from tests.unit.api.conftest import Api, Memory

GAS = {"trace_id": "gas", "interpretation": "NG_C_S", "unit": "therms"}


@pytest.mark.parametrize("code", INTERPRETATIONS)
def test_short_and_full_names_are_accepted_and_full_names_are_shown(call: Api, code: str) -> None:
    unit = "therms" if code == "NG_C_S" else "kWh"
    short = call("POST", "traces/", {"trace_id": "a", "interpretation": code, "unit": unit}).json
    full = call("POST", "traces/", {"trace_id": "b", "interpretation": INTERPRETATIONS[code], "unit": unit}).json
    assert short["interpretation"] == full["interpretation"] == INTERPRETATIONS[code]
    assert short["unit"] == ("THERM" if code == "NG_C_S" else "KWH")
    assert list(short) == list(EXAMPLE_OUT)
    assert len(call("GET", f"traces/?interpretation={code}").json) == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"unit": "MBtu"}, "/unit"),
        ({"unit": "CCF"}, "/heat_content"),
        ({"unit": "CCF", "heat_content": 10.36}, "/heat_content"),
        ({"unit": "therms", "heat_content": 1.036}, "/heat_content"),
        ({"unit": "CCF", "heat_content": "1.036"}, "/heat_content"),
        ({"unit": "therms".rjust(300)}, "/unit"),
        ({"interpretation": "E_C_S"}, "/unit"),
        ({"readings": "meter"}, "/readings"),
        ({"zero_is_reading": 0}, "/zero_is_reading"),
        ({"posted_unit": "therms"}, "/posted_unit"),
        ({"unit": "gallon"}, "/unit"),
        ({"interpretation": "GAS"}, "/interpretation"),
        ({"projects": [1, 9]}, "/projects/1"),
        ({"projects": [0]}, "/projects/0"),
        ({"projects": list(range(1, 42))}, "/projects"),
    ],
)
def test_an_invalid_trace_is_refused(portfolio: Api, change: Any, pointer: str) -> None:
    response = portfolio("POST", "traces/", {**GAS, **change})
    assert (response.status, response.pointers) == (400, [pointer])
    response = portfolio("POST", "traces/sync/", [{**GAS, **change}])
    assert (response.status, response.pointers) == (400, ["/0" + pointer])
    assert len(portfolio("GET", "traces/").json) == 4


@pytest.mark.parametrize(
    ("interpretation", "unit", "message"),
    [
        ("NG_C_S", "ccf", "add heat_content, the therms per ccf on the utility's bill, typically about 1.04."),
        ("NG_C_S", "m3", "add heat_content, the therms per m3 on the utility's bill, typically about 0.366."),
        ("NG_C_S", "litre", "use therms, Dth, Btu, kBtu, MMBtu, MJ, GJ, kWh or MWh, or a volume"),
        ("NG_C_S", "MBtu", "use kBtu or MMBtu."),
        ("E_C_S", "MBtu", "use kBtu or MMBtu."),
        ("E_C_S", "ccf", "use kWh, Wh, MWh, GWh, Btu, kBtu, MMBtu, MJ or GJ."),
        ("E_C_S", "therms", "use kWh, Wh, MWh, GWh, Btu, kBtu, MMBtu, MJ or GJ."),
    ],
)
def test_the_message_lists_the_units_of_the_fuel(call: Api, interpretation: str, unit: str, message: str) -> None:
    response = call("POST", "traces/", {"trace_id": "a", "interpretation": interpretation, "unit": unit})
    assert message in response.json["detail"]
    trace = {**examples.METER_INPUT["trace"], "interpretation": interpretation, "unit": unit}
    response = call("POST", "meter_runs/", {"meter_input": {**examples.METER_INPUT, "trace": trace}})
    assert message in response.json["detail"]


def test_a_patch_keeps_unit_and_fuel_consistent(portfolio: Api) -> None:
    assert portfolio("PATCH", "traces/2/", {"interpretation": "NG_C_S"}).pointers == ["/unit"]
    changed = portfolio("PATCH", "traces/2/", {"interpretation": "NG_C_S", "unit": "thm", "projects": None}).json
    assert (changed["unit"], changed["projects"]) == ("THERM", [])
    assert portfolio("PATCH", "traces/2/", {"interpretation": "E_C_N"}).pointers == ["/unit"]


def test_gas_by_volume_is_converted_by_its_heat_content(call: Api) -> None:
    given = {"trace_id": "gas", "interpretation": "NG_C_S", "unit": "m³", "heat_content": 0.36}
    trace = call("POST", "traces/", given).json
    assert (trace["unit"], trace["posted_unit"], trace["heat_content"]) == ("THERM", "m³", 0.36)
    assert call("PATCH", "traces/1/", {"heat_content": None}).pointers == ["/heat_content"]
    assert call("PATCH", "traces/1/", {"unit": "CCF"}).pointers == ["/heat_content"]
    assert call("PATCH", "traces/1/", {"unit": "gallon"}).pointers == ["/unit"]
    call("POST", "trace_records/", [{"trace": 1, "start": "2015-01-01T00:00:00Z", "value": 100}])
    assert call("PATCH", "traces/1/", {"heat_content": 0.37}).json["posted_unit"] == "m³"
    call("POST", "trace_records/", [{"trace": 1, "start": "2015-02-01T00:00:00Z", "value": 100}])
    changed = call("PATCH", "traces/1/", {"unit": "kWh"}).json
    assert (changed["unit"], changed["posted_unit"], changed["heat_content"]) == ("THERM", "kWh", None)
    call("POST", "trace_records/", [{"trace": 1, "start": "2015-03-01T00:00:00Z", "value": 29.30710701722222}])
    assert [record["value"] for record in call("GET", "trace_records/?trace=1").json] == [36, 37, 1]


def test_a_patch_without_a_unit_does_not_change_the_unit(call: Api, memory: Memory) -> None:
    call("POST", "traces/", {"trace_id": "t", "interpretation": "E_C_S", "unit": "Wh"})
    memory.traces.rows[1].posted_unit = None  # as in items older than the attribute
    changed = call("PATCH", "traces/1/", {"interpretation": "E_C_N", "readings": "register"}).json
    assert (changed["unit"], changed["posted_unit"], changed["readings"]) == ("KWH", "KWH", "register")
    assert memory.traces.rows[1].unit_multiplier == 0.001
    assert call("PATCH", "traces/1/", {"readings": None, "zero_is_reading": None}).json["readings"] is None


def test_a_sync_keeps_fields_that_it_leaves_out(call: Api) -> None:
    whole = {**GAS, "unit": "CCF", "heat_content": 1.04, "readings": "register", "zero_is_reading": True}
    assert call("POST", "traces/sync/", [whole]).json[0]["status"] == "created"
    before = call("GET", "traces/1/").json
    assert call("POST", "traces/sync/", [{**GAS, "unit": "hcf"}]).status == 200
    assert call("GET", "traces/1/").json == before  # the same unit with another spelling
    assert call("POST", "traces/sync/", [{**GAS, "unit": "m3"}]).pointers == ["/0/heat_content"]
    assert call("POST", "traces/sync/", [{**GAS, "unit": "m3", "heat_content": 0.366}]).status == 200
    assert call("GET", "traces/1/").json == before | {"posted_unit": "m3", "heat_content": 0.366}


def test_a_duplicate_trace_id_is_a_conflict(call: Api) -> None:
    call("POST", "traces/", GAS)
    assert call("POST", "traces/", GAS).pointers == ["/trace_id"]
    assert call("POST", "traces/", GAS).status == 409


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


def test_temperatures_are_stored_in_fahrenheit(call: Api) -> None:
    record = {
        "station": "724390",
        "dataset": "observed",
        "start": "2015-01-01T00:00:00Z",
        "temperature": 10,
        "unit": "C",
    }
    assert call("POST", "weather_records/", [record]).json == {"records": 1}
    stored = {**record, "start": "2015-01-01T00:00:00.000000Z", "temperature": 50.0, "unit": "F"}
    assert call("GET", "weather_records/?station=724390").json == [stored]
    assert call("GET", "weather_records/?station=724390&dataset=normal").json == []


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 999.9},
        {"temperature": 60.1},
        {"temperature": -90.1},
        {"temperature": 140.1, "unit": "F"},
        {"temperature": -130.1, "unit": "F"},
        {"temperature": None},
        {"unit": "K"},
        {"station": "7243"},
        {"dataset": "tmy3"},
    ],
)
def test_an_invalid_temperature_is_refused(call: Api, change: Any) -> None:
    record = {
        "station": "724390",
        "dataset": "observed",
        "start": "2015-01-01T00:00:00Z",
        "temperature": 10,
        "unit": "C",
    }
    response = call("POST", "weather_records/", [{**record, **change}])
    assert (response.status, response.pointers) == (400, [f"/0/{next(iter(change))}"])
    if change.get("temperature"):
        assert "leave out the hours" in response.json["detail"]


@pytest.mark.parametrize(
    ("temperature", "unit", "message"),
    [
        (75, "C", "75 °C is outside -90 to 60 °C; if it is in °F, give that unit; leave out"),
        (-100, "C", "-100 °C is outside -90 to 60 °C; if it is in °F, give that unit; leave out"),
        (999.9, "C", "999.9 °C is outside -90 to 60 °C; leave out"),
        (150, "F", "150 °F is outside -130 to 140 °F; leave out"),
    ],
)
def test_an_impossible_temperature_is_reported_with_the_likely_cause(
    call: Api, temperature: float, unit: str, message: str
) -> None:
    hour = "2015-01-01T00:00:00Z"
    record = {"station": "724390", "dataset": "observed", "start": hour, "temperature": temperature, "unit": unit}
    response = call("POST", "weather_records/", [{**record, "temperature": 50}, record])
    assert response.pointers == ["/1/temperature"]
    assert response.json["detail"].startswith(message)
    assert call("GET", "weather_records/?station=724390").json == []
    for name in ("weather", "weather_normal"):
        weather = {"unit": unit, "records": [[hour, 50], [hour, None], [hour, temperature]]}
        response = call("POST", "meter_runs/", {"meter_input": {**examples.METER_INPUT, name: weather}})
        assert response.pointers == [f"/meter_input/{name}/records/2/1"]
        assert response.json["detail"].startswith(message)


@pytest.mark.parametrize(("unit", "limits"), [("F", (-130, 140)), ("C", (-90, 60))])
def test_the_limits_themselves_are_accepted(call: Api, unit: str, limits: tuple[int, int]) -> None:
    record = {"station": "724390", "dataset": "observed", "unit": unit}
    records = [{**record, "start": f"2015-01-0{n}T00:00:00Z", "temperature": t} for n, t in enumerate(limits, start=1)]
    assert call("POST", "weather_records/", records).status == 201
    assert [one["temperature"] for one in call("GET", "weather_records/?station=724390").json] == [-130, 140]
