"""traces/, trace_records/ and weather_records/"""

from typing import Any

import pytest

from chalicelib.api import examples
from chalicelib.api.traces import EXAMPLE_OUT
from chalicelib.vocabulary import INTERPRETATIONS
from tests.unit.api.conftest import Api, Memory

GAS = {"trace_id": "gas", "interpretation": "NG_C_S", "unit": "therms"}


@pytest.mark.parametrize("code", INTERPRETATIONS)
def test_names_are_taken_short_and_long_and_shown_long(call: Api, code: str) -> None:
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
        ({"unit": "kWh"}, "/unit"),
        ({"unit": "gallon"}, "/unit"),
        ({"interpretation": "GAS"}, "/interpretation"),
        ({"projects": [1, 9]}, "/projects/1"),
        ({"projects": [0]}, "/projects/0"),
        ({"projects": list(range(1, 42))}, "/projects"),
    ],
)
def test_a_trace_that_does_not_fit_is_refused(portfolio: Api, change: Any, pointer: str) -> None:
    answer = portfolio("POST", "traces/", {**GAS, **change})
    assert (answer.status, answer.pointers) == (400, [pointer])
    answer = portfolio("POST", "traces/sync/", [{**GAS, **change}])
    assert (answer.status, answer.pointers) == (400, ["/0" + pointer])
    assert len(portfolio("GET", "traces/").json) == 4


@pytest.mark.parametrize(
    ("interpretation", "unit", "taken"),
    [
        ("NG_C_S", "ccf", "give therms (a volume such as ccf"),
        ("NG_C_S", "kWh", "give therms (a volume such as ccf"),
        ("E_C_S", "ccf", "give kWh, Wh or MWh."),
        ("E_C_S", "therms", "give kWh, Wh or MWh."),
    ],
)
def test_the_units_of_the_fuel_are_named(call: Api, interpretation: str, unit: str, taken: str) -> None:
    answer = call("POST", "traces/", {"trace_id": "a", "interpretation": interpretation, "unit": unit})
    assert taken in answer.json["detail"]
    trace = {**examples.METER_INPUT["trace"], "interpretation": interpretation, "unit": unit}
    answer = call("POST", "meter_runs/", {"meter_input": {**examples.METER_INPUT, "trace": trace}})
    assert taken in answer.json["detail"]


def test_a_patch_keeps_unit_and_fuel_together(portfolio: Api) -> None:
    assert portfolio("PATCH", "traces/2/", {"interpretation": "NG_C_S"}).pointers == ["/unit"]
    changed = portfolio("PATCH", "traces/2/", {"interpretation": "NG_C_S", "unit": "thm", "projects": None}).json
    assert (changed["unit"], changed["projects"]) == ("THERM", [])


def test_a_taken_trace_id_is_a_conflict(call: Api) -> None:
    call("POST", "traces/", GAS)
    assert call("POST", "traces/", GAS).pointers == ["/trace_id"]
    assert call("POST", "traces/", GAS).status == 409


def test_records_are_kept_in_the_datastores_unit_and_the_last_value_wins(call: Api) -> None:
    call("POST", "traces/", {"trace_id": "t", "interpretation": "E_C_S", "unit": "Wh"})
    start, end = "2015-01-01T00:00:00-06:00", "2015-01-02T00:00:00.000001-06:00"
    answer = call(
        "POST",
        "trace_records/",
        [
            {"trace": 1, "start": end, "value": None},
            {"trace": 1, "start": start, "value": 1, "estimated": True},
            {"trace": 1, "start": start, "value": 1500.0},
        ],
    )
    assert (answer.status, answer.json) == (201, {"records": 3})
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
    ],
)
def test_records_that_do_not_fit_are_refused_whole(portfolio: Api, memory: Memory, record: Any, pointer: str) -> None:
    good = {"trace": 1, "start": "2015-01-01T00:00:00Z", "value": 1}
    answer = portfolio("POST", "trace_records/", [good, record])
    assert (answer.status, answer.pointers) == (400, [pointer])
    assert not memory.series


def test_records_of_an_unknown_trace_are_a_400(call: Api) -> None:
    answer = call("GET", "trace_records/?trace=9")
    assert answer.status == 400
    assert answer.json["errors"][0]["parameter"] == "trace"


def test_a_plus_that_the_url_lost_is_explained(call: Api) -> None:
    answer = call("GET", "trace_records/?trace=1&start=2015-01-01T00:00:00+00:00")
    assert "%2B" in answer.json["detail"]


def test_temperatures_are_kept_in_fahrenheit(call: Api) -> None:
    record = {
        "station": "724390",
        "dataset": "observed",
        "start": "2015-01-01T00:00:00Z",
        "temperature": 10,
        "unit": "C",
    }
    assert call("POST", "weather_records/", [record]).json == {"records": 1}
    kept = {**record, "start": "2015-01-01T00:00:00.000000Z", "temperature": 50.0, "unit": "F"}
    assert call("GET", "weather_records/?station=724390").json == [kept]
    assert call("GET", "weather_records/?station=724390&dataset=normal").json == []


@pytest.mark.parametrize(
    "change", [{"temperature": 999.9}, {"temperature": None}, {"unit": "K"}, {"station": "7243"}, {"dataset": "tmy3"}]
)
def test_a_temperature_that_does_not_fit_is_refused(call: Api, change: Any) -> None:
    record = {
        "station": "724390",
        "dataset": "observed",
        "start": "2015-01-01T00:00:00Z",
        "temperature": 10,
        "unit": "C",
    }
    answer = call("POST", "weather_records/", [{**record, **change}])
    assert (answer.status, answer.pointers) == (400, [f"/0/{next(iter(change))}"])
    if change.get("temperature"):
        assert "leave out the hours" in answer.json["detail"]
