"""traces/"""

from typing import Any

import pytest

from chalicelib.api.schemas.traces import EXAMPLE_OUT
from chalicelib.api.shared import examples
from chalicelib.store.collections import traces
from chalicelib.store.shared.errors import UnknownProject
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


@pytest.mark.parametrize("method", ["create", "update", "sync"])
def test_a_project_that_is_deleted_in_between_is_refused_like_an_unknown_one(
    portfolio: Api, memory: Memory, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def delete_project(*_: object) -> None:
        del memory.projects.rows[2]
        raise UnknownProject

    monkeypatch.setattr(traces, method, delete_project)
    body = {**GAS, "projects": [1, 2]}
    verb, path, sent = {
        "create": ("POST", "traces/", body),
        "update": ("PATCH", "traces/3/", {"projects": [1, 2]}),
        "sync": ("POST", "traces/sync/", [body]),
    }[method]
    refused, again = portfolio(verb, path, sent), portfolio(verb, path, sent)
    assert (refused.status, refused.pointers) == (400, ["/0/projects/1" if method == "sync" else "/projects/1"])
    assert refused.json == again.json
