"""Bodies of almost 6 MB that are wrong everywhere: little time, little memory, short responses."""

import json
import re
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from chalicelib.api import RESOURCES
from chalicelib.api.http import validation
from chalicelib.api.http.endpoints import JSON
from chalicelib.api.http.problems import MAX_ERRORS, Problem
from chalicelib.api.schemas.meter_runs import MeterRunIn
from chalicelib.api.shared import examples
from tests.unit.api.conftest import Api, Response

SIZE = 5_900_000  # bytes
SECONDS = 6  # of CPU time; a body takes less than one, and took more than 15 before errors were limited
MAX_RESPONSE = 100_000  # bytes
INPUT = examples.METER_INPUT
WEATHER = {"station": "724390", "unit": "F"}
pytestmark = pytest.mark.slow
PATHS = [
    pytest.param(endpoint.method, endpoint.path.strip("/").replace("{id}", "1") + "/", id=endpoint.name)
    for resource in RESOURCES
    for endpoint in resource.endpoints
    if endpoint.body is not None and endpoint.accepts == JSON
]


def many(item: str) -> str:
    """A JSON list of an item, as long as a body may be."""
    return f"[{','.join([item] * (SIZE // (len(item) + 1)))}]"


def filled(document: Any, content: str) -> bytes:
    """A document as JSON, in which HERE is replaced."""
    return json.dumps(document).replace('"HERE"', content).encode()


def refused(call: Api, method: str, path: str, body: bytes, **headers: str) -> Response:
    """The response to a wrong body, which is short and comes soon."""
    started = time.process_time()
    response = call(method, path, body, **headers)
    assert time.process_time() - started < SECONDS
    assert response.status in (400, 404, 413), response.text[:500]
    assert len(response.text.encode()) < MAX_RESPONSE
    return response


@pytest.mark.parametrize("item", ["1", "{}"])
@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("trace_records/", "HERE"),
        ("weather_records/", "HERE"),
        ("projects/sync/", "HERE"),
        ("traces/sync/", "HERE"),
        ("traces/", {"trace_id": "a", "interpretation": "E_C_S", "unit": "kWh", "projects": "HERE"}),
        ("meter_runs/bulk/", {"targets": "HERE"}),
        ("meter_runs/check/", {"targets": "HERE"}),
        ("aggregation_runs/", {"projects": "HERE"}),
        ("aggregation_runs/bulk/", {"targets": [{"derivatives": "HERE"}]}),
        ("aggregation_runs/bulk/", {"targets": [{"trace_interpretations": "HERE"}]}),
        ("meter_runs/", {"meter_input": {**INPUT, "trace": {**INPUT["trace"], "records": "HERE"}}}),
        ("meter_runs/", {"meter_input": {**INPUT, "weather": {**WEATHER, "records": "HERE"}}}),
        ("meter_runs/check/", {"meter_input": {**INPUT, "weather_normal": {**WEATHER, "records": "HERE"}}}),
    ],
    ids=lambda value: json.dumps(value)[-60:] if isinstance(value, dict) else None,
)
def test_a_list_of_wrong_items(call: Api, path: str, document: Any, item: str) -> None:
    refused(call, "POST", path, filled(document, many(item)))


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("trace_records/", "HERE"),
        ("meter_runs/", {"meter_input": {**INPUT, "trace": {**INPUT["trace"], "records": "HERE"}}}),
        ("meter_runs/", {"meter_input": {**INPUT, "weather": {**WEATHER, "records": "HERE"}}}),
    ],
    ids=["trace_records", "readings", "temperatures"],
)
def test_the_first_errors_of_a_list_are_at_their_positions(call: Api, path: str, document: Any) -> None:
    wrong = {"trace_records/": {"trace": 1, "start": "2015-01-01T00:00:00Z", "value": "12"}}
    records = [wrong.get(path, ["2015-01-01T00:00:00Z", "x"] if "weather" in str(document) else {"value": "12"})] * 300
    right = {"trace_records/": {"trace": 1, "start": "2015-01-01T00:00:00Z", "value": 12}}
    fine = right.get(path, ["2015-01-01T00:00:00Z", 50] if "weather" in str(document) else {"start": "2015-01-01"})
    response = refused(call, "POST", path, filled(document, json.dumps([fine] * 25 + records)))
    positions = [int(re.findall(r"/(\d+)", pointer)[0]) for pointer in response.pointers]
    assert positions == list(range(25, 25 + MAX_ERRORS))
    assert response.json["detail"].endswith("There may be more.")


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_object_with_unknown_fields(call: Api, method: str, path: str) -> None:
    fields = ",".join(f'"{number:x}":1' for number in range(SIZE // 11))
    refused(call, method, path, f"{{{fields}}}".encode())
    refused(call, method, path, f"[{{{fields}}}]".encode())


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("projects/", {"project_id": "a", "metadata": "HERE"}),
        ("meter_runs/", {"trace": 1, "model_kwargs": "HERE"}),
        ("meter_runs/", {"trace": 1, "reporting_window": "HERE"}),
        ("trace_groups/", {"name": "a", "filter_specification": "HERE"}),
    ],
    ids=["metadata", "model_kwargs", "reporting_window", "filter_specification"],
)
def test_a_free_form_object_with_wrong_fields(call: Api, path: str, document: Any) -> None:
    fields = ",".join(f'"{number:x}\\u0000":[]' for number in range(SIZE // 18))
    refused(call, "POST", path, filled(document, f"{{{fields}}}"))


@pytest.mark.parametrize(
    "fill",
    [
        lambda: "x" * SIZE,
        lambda: "é" * (SIZE // 2),
        lambda: "\0" * (SIZE // 6),
        lambda: "/" * SIZE,
    ],
    ids=["x", "é", "NUL", "slash"],
)
def test_a_long_text_is_cut_short_wherever_it_is(call: Api, fill: Callable[[], str]) -> None:
    text = fill()
    call("POST", "projects/", {"project_id": "one"})
    project, trace = {"project_id": "a"}, {"trace_id": "a", "interpretation": "E_C_S", "unit": "kWh"}
    record = {"trace": 1, "start": "2015-01-01T00:00:00Z", "value": 1}
    bodies: list[tuple[str, Any]] = [("projects/", project | {name: text}) for name in ("project_id", "timezone")]
    bodies += [("projects/", project | {name: text}) for name in ("zipcode", "baseline_period_end", text)]
    bodies += [("projects/", project | {"metadata": {text: 1}}), ("projects/", project | {"metadata": {"a": text}})]
    bodies += [("traces/", trace | {name: text}) for name in ("trace_id", "interpretation", "unit", "readings")]
    bodies += [("traces/", trace | {"projects": [text]}), ("trace_records/", [record | {"start": text}])]
    bodies += [("trace_records/", [record | {text: 1}]), ("trace_groups/", {"name": "a", "filter_specification": text})]
    bodies += [("trace_groups/", {"name": "a", "filter_specification": {"target": text}})]
    bodies += [("meter_runs/", {"trace": 1, "model_class": text}), ("meter_runs/", {"meter_input": text})]
    bodies += [
        ("meter_runs/", {"trace": 1, "reporting_window": value}) for value in (text, {"start": text, "end": "a"})
    ]
    bodies += [("meter_runs/", {"meter_input": INPUT | {"trace": INPUT["trace"] | {name: text}}}) for name in ("unit",)]
    bodies += [("meter_runs/", {"meter_input": INPUT | {"trace": INPUT["trace"] | {"posted_unit": text}}})]
    bodies += [("meter_runs/", {"meter_input": INPUT | {"project": INPUT["project"] | {"timezone": text}}})]
    bodies += [("aggregation_runs/", {"trace_interpretation": text})]
    for path, body in bodies:
        refused(call, "POST", path, json.dumps(body, ensure_ascii=False).encode())


def test_hundreds_of_long_texts_fit_into_a_response(call: Api) -> None:
    record = {"trace": 1, "start": "\0" * 9_000, "value": 1, "x" * 9_000: 1}
    response = refused(call, "POST", "trace_records/", json.dumps([record] * 80).encode())
    assert len(response.json["errors"]) > 50


def test_a_file_of_wrong_lines(call: Api) -> None:
    lines = ["722880,BURBANK,CA,-8.0,34.2,-118.35,226", "Date (MM/DD/YYYY),Time (HH:MM),Dry-bulb (C)"]
    for line in ("x", "a,b,c", ",,1"):
        body = "\n".join(lines + [line] * (SIZE // (len(line) + 1))).encode()
        refused(call, "POST", "weather_files/", body, Content_Type="text/csv")
    refused(call, "POST", "weather_files/", b"," * SIZE, Content_Type="text/csv")


@pytest.mark.parametrize("item", ["1", "{}", '{"start":"2015-01-01","value":"1"}'])
def test_memory_is_limited(item: str) -> None:
    records = f"[{','.join([item] * (SIZE // 6 // (len(item) + 1)))}]"
    body = filled({"meter_input": {"type": INPUT["type"], "trace": {"records": "HERE"}}}, records)
    adapter: TypeAdapter[MeterRunIn] = TypeAdapter(MeterRunIn)
    tracemalloc.start()
    try:
        with pytest.raises(Problem) as refusal:
            validation.from_json(adapter, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(refusal.value.errors) > 1
    assert peak < 50 * len(body)  # an error takes 500 bytes
