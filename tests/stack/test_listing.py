"""meter_runs/, meter_results/ and derivatives/: their filters and pages, and refused runs."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.stack.client import Api

ABSENT = 999_999_999
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
RUN_KEYS = {"id", "project", "trace", "status", "meter_input", "model_class", "model_kwargs", "formatter_class"} | {
    "formatter_kwargs",
    "failure_message",
    "traceback",
    "added",
    "updated",
    "meter_result",
    "batch",
    "uncertainty",
    "failure_reason",
    "data_quality",
    "reporting_window",
}
METER_INPUT: dict[str, Any] = {
    "type": "SINGLE_TRACE_SIMPLE_PROJECT",
    "trace": {
        "type": "ARBITRARY_START",
        "interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED",
        "unit": "KWH",
        "records": [
            {"start": "2011-01-01T00:00:00+00:00", "value": 57.8, "estimated": False},
            {"start": "2011-01-02T00:00:00+00:00", "value": None, "estimated": False},
        ],
    },
    "project": {
        "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
        "zipcode": "60601",
        "modeling_period_group": {
            "baseline_period": {"start": None, "end": "2012-01-01T00:00:00+00:00"},
            "reporting_period": {"start": "2012-02-01T00:00:00+00:00", "end": None},
        },
    },
}
RECORD = METER_INPUT["trace"]["records"][0]


def unique() -> str:
    return uuid.uuid4().hex


def make_project(api: Api) -> int:
    return int(api.post("projects/", {"project_id": unique()})["id"])


def bare_trace(api: Api, *projects: int) -> int:
    """Create a trace without records, whose runs fail immediately."""
    body = {"trace_id": unique(), "interpretation": "NG_C_S", "unit": "therm", "projects": projects}
    return int(api.post("traces/", body)["id"])


def ids(items: list[dict[str, Any]]) -> list[int]:
    return [item["id"] for item in items]


def bulk(api: Api, *targets: dict[str, int]) -> tuple[int, list[int]]:
    """Post a bulk request, and return the ids of its batch and runs."""
    response = api.call("POST", "meter_runs/bulk/", json={"targets": targets})
    assert response.status_code == 201, response.text
    batch = int(response.headers["Location"].rstrip("/").rpartition("/")[2])
    return batch, [run["id"] for group in response.json() for run in group]


class Runs(NamedTuple):
    """The runs of a bulk request: one trace for its own project and for another one, and a failed run."""

    batch: int
    own: dict[str, Any]
    other: dict[str, Any]
    failed: dict[str, Any]


@pytest.fixture(scope="module")
def runs(api: Api, make_trace: Callable[..., int]) -> Runs:
    trace = make_trace()
    project = api.get(f"traces/{trace}/")["projects"][0]
    other = api.post("projects/", {**writable(api.get(f"projects/{project}/")), "project_id": unique()})["id"]
    targets = {"trace": trace}, {"trace": trace, "project": other}, {"trace": bare_trace(api, project)}
    batch, (first, second, third) = bulk(api, *targets)
    return Runs(batch, api.succeeded(first), api.succeeded(second), api.ended(third))


def writable(project: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in project.items() if name not in ("id", "added", "updated")}


def test_meter_runs_are_filtered(api: Api, runs: Runs) -> None:
    own, other, failed = runs.own, runs.other, runs.failed
    assert failed["status"] == "FAILED"
    for filters, expected in (
        ({"batch": runs.batch}, [own, other, failed]),
        ({"trace": own["trace"]}, [own, other]),
        ({"project": own["project"]}, [own, failed]),
        ({"project": other["project"]}, [other]),
        ({"trace": own["trace"], "project": other["project"]}, [other]),
        ({"trace": failed["trace"], "status": "FAILED"}, [failed]),
        ({"trace": failed["trace"], "status": "SUCCESS"}, []),
        ({"project": own["project"], "status": "SUCCESS"}, [own]),
        ({"batch": runs.batch, "status": "SUCCESS"}, [own, other]),
        ({"batch": runs.batch, "trace": failed["trace"]}, [failed]),
        ({"batch": runs.batch, "status": "PENDING"}, []),
        ({"batch": ABSENT}, []),
        ({"trace": ABSENT}, []),
        ({"project": ABSENT}, []),
    ):
        assert ids(api.get("meter_runs/", **filters)) == ids(expected), filters
    assert set(api.get("meter_runs/", batch=runs.batch)[0]) == RUN_KEYS


@pytest.mark.parametrize("status", ["SUCCESS", "FAILED"])
def test_meter_runs_are_filtered_by_status_alone(api: Api, runs: Runs, status: str) -> None:
    first = runs.own["id"]
    listed = [run for page in api.pages("meter_runs/", status=status, after=first - 1, limit=2) for run in page]
    assert {run["status"] for run in listed} == {status}
    wanted = {run["id"] for run in (runs.own, runs.other, runs.failed) if run["status"] == status}
    assert wanted == {run["id"] for run in listed if first <= run["id"] < first + 3}


def test_the_pages_of_meter_runs_together_are_the_whole_list(api: Api) -> None:
    project = make_project(api)
    trace = bare_trace(api, project)
    batch, scheduled = bulk(api, *[{"trace": trace}] * 7)
    assert scheduled == list(range(scheduled[0], scheduled[0] + 7))
    for filters in ({"batch": batch}, {"trace": trace}, {"project": project}, {"after": scheduled[0] - 1}):
        pages = api.pages("meter_runs", limit=3, **filters)
        assert ids([run for page in pages for run in page])[:7] == scheduled, filters
        assert [len(page) for page in pages][:2] == [3, 3]


def test_meter_results_are_filtered(api: Api, runs: Runs) -> None:
    own, other = runs.own["meter_result"], runs.other["meter_result"]
    for filters, expected in (
        ({"trace": runs.own["trace"]}, sorted([own, other])),
        ({"project": runs.own["project"]}, [own]),
        ({"project": runs.other["project"], "trace": runs.own["trace"]}, [other]),
        ({"meter_run": runs.own["id"]}, [own]),
        ({"meter_run": runs.failed["id"]}, []),
        ({"trace": ABSENT}, []),
    ):
        assert ids(api.get("meter_results/", **filters)) == expected, filters
    pages = api.pages("meter_results/", trace=runs.own["trace"], limit=1)
    assert [id for page in pages for id in ids(page)] == sorted([own, other])
    shown = api.get(f"meter_results/{own}/")
    listed = api.get("meter_results/", meter_run=runs.own["id"])[0]
    assert listed | {"meter_output": ""} == shown | {"meter_output": ""}  # its URL is signed again for each response


def test_derivatives_are_filtered(api: Api, runs: Runs) -> None:
    own, other = (api.derivatives(run) for run in (runs.own, runs.other))
    assert len(own) == len(other) == 3
    both = sorted([*own.values(), *other.values()], key=lambda derivative: int(derivative["id"]))
    assert api.get("derivatives/", trace=runs.own["trace"]) == both
    assert api.get("derivatives/", project=runs.other["project"]) == [one for one in both if one in other.values()]
    assert api.get("derivatives/", trace=runs.failed["trace"]) == []
    assert api.get("derivatives/", meter_result=ABSENT) == []
    for name, derivative in own.items():
        assert api.get(f"derivatives/{derivative['id']}/") == derivative
        assert api.get("derivatives/", meter_result=runs.own["meter_result"], interpretation=name) == [derivative]
        of_trace = api.get("derivatives/", trace=runs.own["trace"], interpretation=name)
        assert of_trace == [one for one in both if one["interpretation"] == name]
        alone = api.pages("derivatives/", interpretation=name, after=both[0]["id"] - 1, limit=2)
        assert [one for page in alone for one in page][:2] == of_trace
    pages = api.pages("derivatives", trace=runs.own["trace"], limit=4)
    assert [one for page in pages for one in page] == both


def texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def test_every_timestamp_is_in_utc_with_microseconds(api: Api, runs: Runs) -> None:
    shown = [
        runs.own,
        api.get(f"meter_results/{runs.own['meter_result']}/"),
        api.derivatives(runs.own),
        api.get(f"batches/{runs.batch}/"),
    ]
    dates = [text for text in texts(shown) if re.match(r"\d{4}-\d\d-\d\dT", text)]
    assert len(dates) == 20  # including the start and end of each model and of its data
    assert [date for date in dates if not TIMESTAMP.fullmatch(date)] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("meter_runs/", {"status": "success"}),
        ("meter_runs/", {"status": "DONE"}),
        ("meter_runs/", {"trace": "x"}),
        ("meter_runs/", {"project": 0}),
        ("meter_runs/", {"batch": "1.5"}),
        ("meter_results/", {"trace": "x"}),
        ("meter_results/", {"status": "SUCCESS"}),
        ("derivatives/", {"interpretation": "gross"}),
        ("derivatives/", {"meter_result": "x"}),
        ("derivatives/", {"trace_id": "x"}),
    ],
    ids=str,
)
def test_an_invalid_filter_is_reported(api: Api, path: str, query: dict[str, Any]) -> None:
    problem = api.refused("GET", path, 400, params=query)
    assert [error["pointer"] for error in problem["errors"]] == [f"/{next(iter(query))}"]


def pointers(api: Api, body: dict[str, Any]) -> list[str]:
    """The pointers to the errors in a request for a meter run."""
    return [error["pointer"] for error in api.refused("POST", "meter_runs/", 400, json=body)["errors"]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"trace": ABSENT}, "/trace"),
        ({"trace": None}, "/trace"),
        ({"trace": "1"}, "/trace"),
        ({"project": ABSENT}, "/project"),
        ({"trace": ABSENT, "project": ABSENT}, "/trace"),
        ({"trace": 1, "model_class": 7}, "/model_class"),
        ({"trace": 1, "model_kwargs": []}, "/model_kwargs"),
        ({"trace": 1, "formatter_kwargs": "{}"}, "/formatter_kwargs"),
        ({"trace": 1, "uncertainty": "hac"}, "/uncertainty"),
        ({"trace": 1, "uncertainty": 95}, "/uncertainty"),
        ({"trace": 1, "reporting_window": "last_year"}, "/reporting_window"),
        ({"trace": 1, "reporting_window": {"start": "2018-01-01", "end": "2017-01-01"}}, "/reporting_window"),
        ({"trace": 1, "meter_input": METER_INPUT}, "/meter_input"),
        ({"project": 1, "meter_input": json.dumps(METER_INPUT)}, "/meter_input"),
        ({"meter_input": ""}, "/meter_input"),
        ({"meter_input": 7}, "/meter_input"),
        ({"meter_input": [METER_INPUT]}, "/meter_input"),
        ({"meter_input": "https://example.com/meter_inputs/1.json"}, "/meter_input"),
        ({"meter_input": "file:///etc/passwd"}, "/meter_input"),
        ({"meter_input": "{not JSON"}, "/meter_input"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_invalid_run_is_reported(api: Api, body: dict[str, Any], pointer: str) -> None:
    assert pointers(api, body) == [pointer]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The meter input with another value at a path such as "trace/unit"; `...` removes the key."""
    document: dict[str, Any] = json.loads(json.dumps(METER_INPUT))
    *folders, name = path.split("/")
    place = document
    for folder in folders:
        place = place[folder]
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return document


@pytest.mark.parametrize("form", ["object", "string"])
@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("type", "OTHER", "/type"),
        ("trace", ..., "/trace"),
        ("trace/type", "OTHER", "/trace/type"),
        ("trace/interpretation", "GAS", "/trace/interpretation"),
        ("trace/unit", "THERM", "/trace/unit"),
        ("trace/unit", "CCF", "/trace/unit"),
        ("trace/records", {}, "/trace/records"),
        ("trace/records", [RECORD | {"start": "2011-01-01T00:00:00"}], "/trace/records/0/start"),
        ("trace/records", [RECORD, {"value": 1.0}], "/trace/records/1/start"),
        ("trace/records", [RECORD | {"value": "57.8"}], "/trace/records/0/value"),
        ("trace/type", "ARBITRARY_END", "/trace/records/0/end"),
        ("project/zipcode", "6060", "/project/zipcode"),
        ("project/zipcode", None, "/project/zipcode"),  # and no weather either
        ("project/timezone", "Mars/Olympus", "/project/timezone"),
        ("project/modeling_period_group/baseline_period", ..., "/project/modeling_period_group/baseline_period"),
        ("weather", {"unit": "K", "records": []}, "/weather/unit"),
        ("weather", {"unit": "F", "records": [["2011-01-01", 1.0]]}, "/weather/records/0/0"),
        ("weather", {"unit": "F", "records": [["2011-01-01T00:00:00Z"]]}, "/weather/records/0/1"),
        ("model_kwargs", 7, "/model_kwargs"),
        ("uncertainty", "Guideline 14", "/uncertainty"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_invalid_meter_input_is_reported(api: Api, form: str, path: str, value: Any, pointer: str) -> None:
    document = changed(path, value)
    found = pointers(api, {"meter_input": document if form == "object" else json.dumps(document)})
    assert f"/meter_input{pointer}" in found
    assert all(one.startswith("/meter_input/") for one in found)


def test_only_the_url_of_an_input_of_this_datastore_is_a_meter_input(api: Api, runs: Runs) -> None:
    given = runs.own["meter_input"]
    output = api.get(f"meter_results/{runs.own['meter_result']}/")["meter_output"]
    host = urlsplit(given).netloc
    folder, _, name = output.partition("?")[0].rpartition("/")
    bucket = given.partition("meter_inputs/")[0]
    elsewhere = {
        "an output": output,
        "an output by a path through the inputs": f"{bucket}meter_inputs/../meter_outputs/{name}",
        "the same, encoded": f"{bucket}meter_inputs/%2e%2e/meter_outputs/{name}",
        "an input that does not exist": given.replace(given.partition("?")[0].rpartition("/")[2], f"{unique()}.json"),
        "another host": given.replace(host, "example.com"),
        "a host that begins like the right one": given.replace(host, f"{host}.example.com"),
        "another host, with the right one as a user name": given.replace(host, f"{host}@example.com"),
        "the folder": folder + "/",
    }
    for kind, url in elsewhere.items():
        assert pointers(api, {"meter_input": url}) == ["/meter_input"], kind


def test_the_project_or_trace_of_a_run_must_be_unambiguous(api: Api) -> None:
    first, second, empty = (make_project(api) for _ in range(3))
    shared, only = bare_trace(api, first, second), bare_trace(api, first)
    loose = bare_trace(api)
    for body, pointer in (
        ({"trace": shared}, "/trace"),
        ({"trace": loose}, "/trace"),
        ({"project": first}, "/project"),
        ({"project": empty}, "/project"),
        ({"trace": shared, "project": ABSENT}, "/project"),
    ):
        problem = api.refused("POST", "meter_runs/", 400, json=body)
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    ambiguous = api.refused("POST", "meter_runs/", 400, json={"trace": shared})["detail"]
    assert str(first) in ambiguous
    assert str(second) in ambiguous
    for body, pair in (
        ({"project": second}, (second, shared)),
        ({"trace": only}, (first, only)),
        ({"trace": shared, "project": first}, (first, shared)),
        ({"trace": loose, "project": first}, (first, loose)),
    ):
        run = api.post("meter_runs", body)
        assert (run["project"], run["trace"]) == pair


def test_a_refused_bulk_request_writes_nothing(api: Api) -> None:
    project = make_project(api)
    trace = bare_trace(api, project)
    batch, (before,) = bulk(api, {"trace": trace})
    for targets, expected in (
        ([{"trace": trace}, {"trace": ABSENT}], ["/targets/1/trace"]),
        ([{"project": ABSENT}, {"project": project}], ["/targets/0/project"]),
        ([{"trace": trace, "project": ABSENT}, {"trace": ABSENT}], ["/targets/0/project", "/targets/1/trace"]),
        ([{"trace": trace}, {}], ["/targets/1"]),
        ([{"trace": trace}, {"trace": "1"}], ["/targets/1/trace"]),
        ([{"trace": trace}, {"unknown": 1}], ["/targets/1/unknown"]),
        ([{"trace": trace}, {"trace": bare_trace(api)}], ["/targets/1/trace"]),  # without a project
        ([{"trace": trace}] * 10_001, ["/targets"]),
        ([], ["/targets"]),
        ([{"project": make_project(api)}], ["/targets"]),  # without a trace
    ):
        problem = api.refused("POST", "meter_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == expected
    assert ids(api.get("meter_runs/", trace=trace)) == [before]
    api.refused("GET", f"batches/{batch + 1}/", 404)
    again = bulk(api, {"trace": trace})
    assert again == (batch + 1, [before + 1])  # refused requests use no ids


def test_a_bulk_request_groups_the_runs_by_target(api: Api) -> None:
    project, empty = make_project(api), make_project(api)
    traces = [bare_trace(api, project) for _ in range(3)]
    targets = [{"project": empty}, {"project": project}, {"trace": traces[1]}, {"trace": traces[0], "project": empty}]
    body = {"targets": targets, "model_class": "MyModel", "model_kwargs": {"a": [1.5, None]}}
    response = api.call("POST", "meter_runs/bulk", json=body)
    groups = response.json()
    assert [[(run["project"], run["trace"]) for run in group] for group in groups] == [
        [],
        [(project, trace) for trace in traces],
        [(project, traces[1])],
        [(empty, traces[0])],
    ]
    scheduled = [run for group in groups for run in group]
    assert ids(scheduled) == list(range(scheduled[0]["id"], scheduled[0]["id"] + 5))
    assert {run["status"] for run in scheduled} == {"PENDING"}
    assert all((run["model_class"], run["model_kwargs"]) == ("MyModel", {"a": [1.5, None]}) for run in scheduled)
    (batch,) = {run["batch"] for run in scheduled}
    assert response.headers["Location"] == f"/api/v1/batches/{batch}/"
    assert api.get(f"batches/{batch}")["total"] == 5
