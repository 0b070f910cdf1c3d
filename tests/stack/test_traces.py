"""traces/: every method, filter, page and refusal, and the sync of whole lists."""

from typing import Any
from urllib.parse import urljoin

import pytest

from tests.stack.client import Api
from tests.stack.names import ABSENT, unique
from tests.stack.projects import Project
from tests.stack.traces import ELECTRICITY, GAS, NAMES, create, found, sync

KEYS = ["id", "trace_id", "interpretation", "unit", "projects", "added", "updated"]
KEYS += ["posted_unit", "heat_content", "readings", "zero_is_reading"]  # the first line is from the reference document


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_trace_is_created_shown_and_deleted(api: Api, project: Project, slash: str) -> None:
    first, second = project(), project()
    body = {"trace_id": unique(), **ELECTRICITY, "projects": [second, first, second]}
    response = api.call("POST", f"traces{slash}", json=body)
    assert response.status_code == 201
    trace = response.json()
    assert list(trace) == KEYS
    assert (trace["trace_id"], trace["unit"], trace["projects"]) == (body["trace_id"], "KWH", [first, second])
    assert urljoin(response.url, response.headers["Location"]) == f"{api.url}traces/{trace['id']}/"
    assert api.get(f"traces/{trace['id']}{slash}") == trace
    response = api.call("DELETE", f"traces/{trace['id']}{slash}")
    assert (response.status_code, response.content) == (204, b"")
    api.refused("GET", f"traces/{trace['id']}{slash}", 404)
    assert found(api, trace["trace_id"]) == []
    assert api.get("traces/", projects=first) == []


def test_a_trace_id_is_unique(api: Api) -> None:
    trace, other = create(api), create(api)
    problem = api.refused("POST", "traces/", 409, json={"trace_id": trace["trace_id"], **ELECTRICITY})
    assert [error["pointer"] for error in problem["errors"]] == ["/trace_id"]
    api.refused("PATCH", f"traces/{other['id']}/", 409, json={"trace_id": trace["trace_id"]})
    assert api.get(f"traces/{other['id']}/") == other


def test_a_project_and_a_trace_may_have_the_same_name(api: Api) -> None:
    name = unique()
    api.post("projects/", {"project_id": name})
    assert create(api, trace_id=name)["trace_id"] == name


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"trace_id": ""}, "/trace_id"),
        ({"trace_id": None}, "/trace_id"),
        ({"trace_id": 7}, "/trace_id"),
        ({"interpretation": "e_c_s"}, "/interpretation"),
        ({"interpretation": None}, "/interpretation"),
        ({"unit": "CCF"}, "/unit"),
        ({"unit": "therms"}, "/unit"),  # a unit of gas
        ({"unit": "MBtu"}, "/unit"),  # ambiguous
        ({"interpretation": "NG_C_S", "unit": "gallon"}, "/unit"),
        ({"interpretation": "NG_C_S", "unit": "CCF"}, "/heat_content"),
        ({"interpretation": "NG_C_S", "unit": "CCF", "heat_content": 10.37}, "/heat_content"),
        ({"unit": "kWh", "heat_content": 1.037}, "/heat_content"),
        ({"unit": None}, "/unit"),
        ({"readings": "dial"}, "/readings"),
        ({"zero_is_reading": "no"}, "/zero_is_reading"),
        ({"projects": [ABSENT]}, "/projects/0"),
        ({"projects": ABSENT}, "/projects"),
        ({"projects": ["1"]}, "/projects/0"),
        ({"id": 7}, "/id"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "sync"])
def test_an_invalid_field_is_reported_and_nothing_is_written(
    api: Api, method: str, fields: dict[str, Any], pointer: str
) -> None:
    body = {"trace_id": unique(), **ELECTRICITY, **fields}
    if method == "sync":
        good = {"trace_id": unique(), **ELECTRICITY}
        problem = api.refused("POST", "traces/sync/", 400, json=[good, body])
        pointer = f"/1{pointer}"
        assert found(api, good["trace_id"]) == []
    elif method == "POST":
        problem = api.refused("POST", "traces/", 400, json=body)
    else:
        trace = create(api)
        problem = api.refused("PATCH", f"traces/{trace['id']}/", 400, json={"trace_id": unique(), **fields})
        assert api.get(f"traces/{trace['id']}/") == trace
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    if isinstance(body["trace_id"], str) and body["trace_id"]:
        assert found(api, body["trace_id"]) == []


@pytest.mark.parametrize("name", ["trace_id", "interpretation", "unit"])
def test_a_trace_needs_its_fields(api: Api, name: str) -> None:
    body = {"trace_id": unique(), **ELECTRICITY}
    del body[name]
    problem = api.refused("POST", "traces/", 400, json=body)
    assert [error["pointer"] for error in problem["errors"]] == [f"/{name}"]


def test_a_patch_moves_a_trace_between_projects(api: Api, project: Project) -> None:
    first, second, third = project(), project(), project()
    trace = create(api, projects=[first, second])
    path = f"traces/{trace['id']}/"
    assert api.call("PATCH", path, json={"projects": [third, second]}).json()["projects"] == [second, third]
    assert [api.get("traces/", projects=owner) for owner in (first, second, third)] == [
        [],
        [api.get(path)],
        [api.get(path)],
    ]
    assert api.call("PATCH", path, json={"projects": None}).json()["projects"] == []
    assert [api.get("traces/", projects=owner) for owner in (first, second, third)] == [[], [], []]


def test_a_patch_changes_only_the_given_fields(api: Api, project: Project) -> None:
    trace = create(api, projects=[project()])
    path = f"traces/{trace['id']}/"
    for changes, shown in (
        ({"trace_id": unique()}, {}),
        (GAS, {"interpretation": NAMES["NG_C_S"], "unit": "THERM", "posted_unit": "therms"}),
        ({}, {}),
    ):
        before = api.get(path)
        after = api.call("PATCH", path, json=changes).json()
        assert after == api.get(path)
        assert after == before | changes | shown | {"updated": after["updated"]}
    assert found(api, trace["trace_id"]) == []
    assert found(api, after["trace_id"]) == [after]


def test_deleting_a_project_keeps_its_traces(api: Api, project: Project) -> None:
    first, second = project(), project()
    trace = create(api, projects=[first, second])
    api.call("DELETE", f"projects/{first}/")
    assert api.get(f"traces/{trace['id']}/")["projects"] == [second]
    assert api.get("traces/", projects=first) == []


def test_deleting_a_trace_deletes_its_records_and_its_id_is_not_reused(api: Api) -> None:
    trace = create(api)
    record = {"trace": trace["id"], "start": "2016-01-01T00:00:00Z", "value": 1.0}
    api.post("trace_records/", [record])
    api.call("DELETE", f"traces/{trace['id']}/")
    api.refused("GET", "trace_records/", 400, params={"trace": trace["id"]})
    api.refused("POST", "trace_records/", 400, json=[record])
    again = create(api, trace_id=trace["trace_id"])
    assert again["id"] > trace["id"]
    assert api.get("trace_records/", trace=again["id"]) == []


def test_the_filters_combine(api: Api, project: Project) -> None:
    first, second = project(), project()
    both = create(api, projects=[first, second])
    gas = create(api, projects=[first], **GAS)
    assert api.get("traces/", projects=first) == [both, gas]
    assert api.get("traces/", projects=second) == [both]
    assert api.get("traces/", projects=first, interpretation="NG_C_S") == [gas]
    assert api.get("traces/", trace_id=gas["trace_id"]) == [gas]
    assert api.get("traces/", trace_id=gas["trace_id"], projects=first, interpretation="NG_C_S") == [gas]
    assert api.get("traces/", trace_id=gas["trace_id"], projects=second) == []
    assert api.get("traces/", trace_id=gas["trace_id"], interpretation="E_C_S") == []
    assert api.get("traces/", projects=ABSENT) == []
    assert api.get("traces/", trace_id=unique()) == []


def test_the_pages_together_are_the_whole_list(api: Api, project: Project) -> None:
    owner = project()
    kinds = [ELECTRICITY, GAS, ELECTRICITY]
    done = sync(api, [{"trace_id": unique(), "projects": [owner], **kinds[n % 3]} for n in range(10)])
    whole = api.get("traces/", projects=owner)
    assert [trace["id"] for trace in whole] == [item["id"] for item in done]
    for filters in ({}, {"interpretation": "E_C_S"}, {"interpretation": "NG_C_S"}):
        wanted = [trace for trace in whole if trace["interpretation"] == NAMES.get(filters.get("interpretation", ""))]
        for limit in (1, 3, 10, 1000):
            pages = api.pages("traces", projects=owner, limit=limit, **filters)
            assert [trace for page in pages for trace in page] == (wanted if filters else whole)
            assert max(map(len, pages)) <= limit
    after = done[0]["id"] - 1
    paged = [trace for page in api.pages("traces/", after=after, limit=4, interpretation="NG_C_S") for trace in page]
    assert paged == [trace for trace in whole if trace["interpretation"] == NAMES["NG_C_S"]]


def test_a_sync_creates_updates_or_leaves_unchanged(api: Api, project: Project) -> None:
    first, second = project(), project()
    old, same, new, kept = (unique() for _ in range(4))
    for trace_id in (old, same, kept):
        create(api, trace_id=trace_id, projects=[first])
    items: list[dict[str, Any]] = [
        {"trace_id": new, **GAS, "projects": [first, second]},
        {"trace_id": same, "interpretation": NAMES["E_C_S"], "unit": "KWH", "projects": [first]},
        {"trace_id": old, **ELECTRICITY, "projects": [second]},
        {"trace_id": kept, **GAS},
    ]
    done = sync(api, items)
    assert [(item["trace_id"], item["status"]) for item in done] == [
        (new, "created"),
        (same, "unchanged"),
        (old, "updated"),
        (kept, "updated"),
    ]
    assert [item["id"] for item in done] == [found(api, item["trace_id"])[0]["id"] for item in items]
    assert found(api, kept)[0]["projects"] == [first]  # a field that the item leaves out is unchanged
    assert [trace["trace_id"] for trace in api.get("traces/", projects=second)] == [old, new]
    assert [trace["trace_id"] for trace in api.get("traces/", projects=first)] == [same, kept, new]
    assert [item["status"] for item in sync(api, items)] == ["unchanged"] * 4
    assert api.post("traces/sync", [], status=200) == []


def test_a_sync_refuses_a_repeated_trace_id(api: Api) -> None:
    trace_id = unique()
    items = [{"trace_id": trace_id, **ELECTRICITY}, {"trace_id": trace_id, **GAS}]
    problem = api.refused("POST", "traces/sync/", 400, json=items)
    assert [error["pointer"] for error in problem["errors"]] == ["/1/trace_id"]
    assert found(api, trace_id) == []


def test_a_sync_of_many_links_each_to_its_projects(api: Api, project: Project) -> None:
    owners = [project() for _ in range(3)]
    items = [{"trace_id": unique(), **GAS, "projects": owners[: 1 + n % 3]} for n in range(250)]  # several transactions
    done = sync(api, items)
    assert {item["status"] for item in done} == {"created"}
    ids = [item["id"] for item in done]
    assert ids == list(range(ids[0], ids[0] + 250))
    for position, owner in enumerate(owners):
        linked = api.get("traces/", projects=owner, limit=1000)
        assert [trace["id"] for trace in linked] == [id for n, id in enumerate(ids) if n % 3 >= position]
