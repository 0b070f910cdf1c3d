"""meter_runs/ with a meter input: what is stored, and refused inputs."""

import json
from typing import Any

import pytest

from chalicelib.api.shared import examples
from tests.unit.api.conftest import BUCKET, Api, Memory


def test_a_method_in_a_meter_input_is_stored_with_it(call: Api, memory: Memory) -> None:
    posted = {**examples.METER_INPUT, "uncertainty": "caltrack"}
    run = call("POST", "meter_runs/", {"meter_input": posted}).json
    assert run["uncertainty"] is None  # like model_class: only what the request itself has
    assert memory.documents[run["meter_input"].removeprefix(BUCKET)]["uncertainty"] == "caltrack"


def test_a_meter_input_is_stored_as_posted(call: Api, memory: Memory) -> None:
    posted = {**examples.METER_INPUT, "note": "of the client's own"}
    for given in (posted, json.dumps(posted)):
        run = call("POST", "meter_runs/", {"meter_input": given}).json
        assert (run["project"], run["trace"]) == (None, None)
        key = run["meter_input"].removeprefix(BUCKET)
        assert json.dumps(memory.documents[key]) == json.dumps(posted)
        again = call("POST", "meter_runs/", {"meter_input": run["meter_input"]}).json
        assert again["meter_input"] == run["meter_input"]


def test_names_and_units_in_a_meter_input_are_normalized(call: Api, memory: Memory) -> None:
    trace = {**examples.METER_INPUT["trace"], "interpretation": "E_C_S", "unit": "Wh"}
    weather = {
        "station": "724390",
        "unit": "C",
        "records": [["2011-01-01T00:00:00Z", 10.0], ["2011-01-01T01:00:00Z", None]],
    }
    call("POST", "meter_runs/", {"meter_input": {**examples.METER_INPUT, "trace": trace, "weather": weather}})
    (stored,) = memory.documents.values()
    assert stored["trace"]["interpretation"] == "ELECTRICITY_CONSUMPTION_SUPPLIED"
    assert stored["trace"]["unit"] == "KWH"
    assert [record["value"] for record in stored["trace"]["records"]] == [57.8 * 0.001, None]
    assert stored["weather"]["unit"] == "F"
    assert [temperature for _, temperature in stored["weather"]["records"]] == [50.0, None]


def test_dates_in_a_meter_input_are_stored_as_posted(call: Api, memory: Memory) -> None:
    periods = {"baseline_period": {"end": "2012-01-01"}, "reporting_period": {"start": "2012-02-01"}}
    posted = {
        **examples.METER_INPUT,
        "trace": {**examples.METER_INPUT["trace"], "records": [{"start": "2011-01-01", "value": 1.0}]},
        "project": {**examples.METER_INPUT["project"], "modeling_period_group": periods},
    }
    assert call("POST", "meter_runs/", {"meter_input": posted}).status == 201
    assert list(memory.documents.values()) == [posted]


def gas(**fields: Any) -> dict[str, Any]:
    """A meter input with a reading of 100 units of gas."""
    records = [{"start": "2011-01-01T00:00:00+00:00", "value": 100}]
    trace = {**examples.METER_INPUT["trace"], "interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED", "records": records}
    return {**examples.METER_INPUT, "trace": {**trace, **fields}}


@pytest.mark.parametrize(
    ("fields", "value", "posted_unit"),
    [
        ({"unit": "CCF", "heat_content": 1.03}, 103.0, "CCF"),
        ({"unit": "m3", "heat_content": 0.37}, 37.0, "m3"),
        ({"unit": "kWh"}, pytest.approx(3.412141633127942, rel=1e-15), "kWh"),
        ({"unit": "Dth", "readings": "register", "zero_is_reading": True}, 1000.0, "Dth"),
        ({"unit": "THERM", "posted_unit": "CCF", "heat_content": 1.03}, 100, "CCF"),
        ({"unit": "THERM", "posted_unit": "kWh"}, 100, "kWh"),
    ],
)
def test_a_meter_input_is_converted_once(
    call: Api, memory: Memory, fields: dict[str, Any], value: Any, posted_unit: str
) -> None:
    call("POST", "meter_runs/", {"meter_input": gas(**fields)})
    (stored,) = memory.documents.values()
    assert stored["trace"]["records"][0]["value"] == value
    assert stored["trace"] == {**gas(**fields)["trace"], "unit": "THERM", "posted_unit": posted_unit} | {
        "records": stored["trace"]["records"]
    }
    memory.documents.clear()
    assert call("POST", "meter_runs/", {"meter_input": stored}).status == 201
    assert list(memory.documents.values()) == [stored]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"unit": "CCF"}, "heat_content"),
        ({"unit": "CCF", "heat_content": 38.6}, "heat_content"),
        ({"unit": "THERM", "heat_content": 1.03}, "heat_content"),
        ({"unit": "THERM", "posted_unit": "kWh", "heat_content": 1.03}, "heat_content"),
        ({"unit": "THERM", "posted_unit": "MCF", "heat_content": 1.03}, "heat_content"),
        ({"unit": "THERM", "posted_unit": "gallon"}, "unit"),
        ({"unit": "THERM", "readings": "odometer"}, "readings"),
        ({"unit": "THERM", "zero_is_reading": None}, "zero_is_reading"),
        (
            {
                "unit": "THERM",
                "readings": "register",
                "type": "ARBITRARY",
                "records": [{"start": "2011-01-01T00:00:00Z", "end": "2011-02-01T00:00:00Z", "value": 1}],
            },
            "readings",
        ),
    ],
)
def test_an_invalid_unit_in_a_meter_input_is_reported(call: Api, fields: dict[str, Any], pointer: str) -> None:
    response = call("POST", "meter_runs/", {"meter_input": gas(**fields)})
    assert (response.status, response.pointers) == (400, [f"/meter_input/trace/{pointer}"])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "SOMETHING"}, "/meter_input/type"),
        ({"trace": {**examples.METER_INPUT["trace"], "type": "ARBITRARY"}}, "/meter_input/trace/records/0/end"),
        ({"trace": {**examples.METER_INPUT["trace"], "unit": "therm"}}, "/meter_input/trace/unit"),
        (
            {"trace": {**examples.METER_INPUT["trace"], "records": [{"start": "2011-01-01T00:00:00", "value": 1}]}},
            "/meter_input/trace/records/0/start",
        ),
        ({"project": {**examples.METER_INPUT["project"], "zipcode": None}}, "/meter_input/project/zipcode"),
    ],
)
def test_an_invalid_part_of_a_meter_input_is_reported(call: Api, change: Any, pointer: str) -> None:
    posted = {**examples.METER_INPUT, **change}
    for given in (posted, json.dumps(posted)):
        assert pointer in call("POST", "meter_runs/", {"meter_input": given}).pointers


@pytest.mark.parametrize("path", ["meter_runs/", "meter_runs/check/"])
@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "[1E+400]", f'{{"a": -{"9" * 309}.0}}'])
def test_nan_hidden_in_an_ignored_key_is_refused(call: Api, memory: Memory, path: str, number: str) -> None:
    posted = json.dumps({**examples.METER_INPUT, "note": "HERE"}).replace('"HERE"', number)
    for raw in (f'{{"meter_input": {posted}}}', json.dumps({"meter_input": posted})):
        response = call("POST", path, raw.encode())
        assert (response.status, response.pointers) == (400, ["/meter_input"])
    assert not memory.documents


@pytest.mark.parametrize("value", ["NaN", "Infinity", 1e300, 10**400, "1e999"])
def test_what_only_looks_like_nan_is_accepted(call: Api, value: Any) -> None:
    posted = {**examples.METER_INPUT, "note": value}
    assert call("POST", "meter_runs/", {"meter_input": posted}).status == 201


@pytest.mark.parametrize("path", ["meter_runs/", "meter_runs/check/"])
@pytest.mark.parametrize("url", ["http://[::1", "http://[/", "//", "http://a]b/", BUCKET])
def test_a_malformed_url_is_refused(call: Api, path: str, url: str) -> None:
    response = call("POST", path, {"meter_input": url})
    assert (response.status, response.pointers) == (400, ["/meter_input"])


@pytest.mark.parametrize("path", ["meter_runs/", "meter_runs/check/"])
def test_a_url_is_accepted_only_with_a_valid_signature(call: Api, memory: Memory, path: str) -> None:
    url = call("POST", "meter_runs/", {"meter_input": examples.METER_INPUT}).json["meter_input"]
    memory.refused_urls[url] = "has expired"
    response = call("POST", path, {"meter_input": url})
    assert (response.status, response.pointers) == (400, ["/meter_input"])
    assert response.json["detail"].startswith("This URL has expired. ")


def test_a_url_needs_the_scope_read(call: Api) -> None:
    url = call("POST", "meter_runs/", {"meter_input": examples.METER_INPUT}).json["meter_input"]
    call.scopes = "write"
    response = call("POST", "meter_runs/", {"meter_input": url})
    assert response.status == 403
    assert "scope read" in response.json["detail"]
    assert call("POST", "meter_runs/", {"meter_input": examples.METER_INPUT}).status == 201
