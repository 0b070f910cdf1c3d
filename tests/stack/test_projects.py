"""projects/: every method, filter, page and refusal, and the sync of whole lists."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack.client import Api

FULL = {
    "baseline_period_start": "2014-01-01T00:00:00-06:00",
    "baseline_period_end": "2016-01-01T00:00:00-06:00",
    "reporting_period_start": "2016-02-01T00:00:00.5+05:30",
    "reporting_period_end": "2017-02-01T00:00:00Z",
    "zipcode": "60601",
    "weather_station": "725300",
    "weather_normal_station": "725340",
    "timezone": "America/Chicago",
    "metadata": {"program": "retrofit", "area": 1800, "share": 0.25, "done": True, "note": None},
}
SHOWN = FULL | {
    "baseline_period_start": "2014-01-01T06:00:00.000000Z",
    "baseline_period_end": "2016-01-01T06:00:00.000000Z",
    "reporting_period_start": "2016-01-31T18:30:00.500000Z",
    "reporting_period_end": "2017-02-01T00:00:00.000000Z",
}
EMPTY = dict.fromkeys(FULL) | {"timezone": "UTC", "metadata": {}}
KEYS = ["id", "project_id", *FULL, "added", "updated"]


def unique() -> str:
    return uuid.uuid4().hex


def create(api: Api, **fields: Any) -> dict[str, Any]:
    project: dict[str, Any] = api.post("projects/", {"project_id": unique(), **fields})
    return project


def fields_of(project: dict[str, Any]) -> dict[str, Any]:
    return {name: project[name] for name in FULL}


def found(api: Api, project_id: str) -> list[dict[str, Any]]:
    projects: list[dict[str, Any]] = api.get("projects/", project_id=project_id)
    return projects


def sync(api: Api, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = api.post("projects/sync/", items, status=200)
    return done


@pytest.fixture
def zipcode(api: Api) -> str:
    """A ZIP code that no other project has."""
    return next(
        code
        for code in (f"{uuid.uuid4().int % 100_000:05d}" for _ in range(100))
        if not api.get("projects/", zipcode=code)
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_project_is_created_shown_and_deleted(api: Api, slash: str) -> None:
    response = api.call("POST", f"projects{slash}", json={"project_id": unique(), **FULL})
    assert response.status_code == 201
    project = response.json()
    assert list(project) == KEYS
    assert fields_of(project) == SHOWN
    assert response.headers["Location"] == f"/api/v1/projects/{project['id']}/"
    assert api.get(f"projects/{project['id']}{slash}") == project
    response = api.call("DELETE", f"projects/{project['id']}{slash}")
    assert (response.status_code, response.content) == (204, b"")
    api.refused("GET", f"projects/{project['id']}{slash}", 404)
    assert found(api, project["project_id"]) == []


def test_every_field_except_the_project_id_has_a_default(api: Api) -> None:
    assert fields_of(create(api)) == EMPTY
    assert fields_of(create(api, **dict.fromkeys(FULL))) == EMPTY


@pytest.mark.parametrize("project_id", ["Büro 東京 🏠 {}", "a+b/c?d&e=f#g%20 {}", " {} "])
def test_any_text_is_a_project_id(api: Api, project_id: str) -> None:
    project = create(api, project_id=project_id.format(unique()))
    assert found(api, project["project_id"]) == [project]


def test_a_project_id_is_unique(api: Api) -> None:
    project, other = create(api), create(api)
    problem = api.refused("POST", "projects/", 409, json={"project_id": project["project_id"]})
    assert [error["pointer"] for error in problem["errors"]] == ["/project_id"]
    api.refused("PATCH", f"projects/{other['id']}/", 409, json={"project_id": project["project_id"]})
    assert api.get(f"projects/{other['id']}/") == other


def test_only_one_of_concurrent_requests_gets_the_project_id(api: Api) -> None:
    body = {"project_id": unique()}
    with ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(Api(api.url, api.token, api.document).call, "POST", "projects/", json=body) for _ in range(8)
        ]
    assert sorted(one.result().status_code for one in futures) == [201] + [409] * 7
    assert len(found(api, body["project_id"])) == 1


def test_a_deleted_projects_id_is_not_reused_but_its_project_id_may_be(api: Api) -> None:
    project = create(api)
    api.call("DELETE", f"projects/{project['id']}/")
    assert create(api, project_id=project["project_id"])["id"] > project["id"]


def test_a_patch_changes_only_the_given_fields_and_null_resets(api: Api) -> None:
    project = create(api, **FULL)
    path = f"projects/{project['id']}/"
    patches: list[dict[str, Any]] = [
        {"zipcode": "94110", "metadata": {"a": 1}},
        {"project_id": unique()},
        dict.fromkeys(FULL),
    ]
    for changes in patches:
        before = api.get(path)
        response = api.call("PATCH", path, json=changes)
        assert response.status_code == 200
        after = api.get(path)
        assert response.json() == after
        expected = before | {name: EMPTY[name] if value is None else value for name, value in changes.items()}
        assert after == expected | {"updated": after["updated"]}
        assert after["updated"] > before["updated"]
    assert found(api, project["project_id"]) == []  # the old project_id is free
    assert found(api, after["project_id"]) == [after]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"project_id": ""}, "/project_id"),
        ({"project_id": None}, "/project_id"),
        ({"project_id": 7}, "/project_id"),
        ({"zipcode": "123"}, "/zipcode"),
        ({"zipcode": 60601}, "/zipcode"),
        ({"weather_station": "chicago"}, "/weather_station"),
        ({"weather_normal_station": "1"}, "/weather_normal_station"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../UTC"}, "/timezone"),
        ({"metadata": {"nested": {"a": 1}}}, "/metadata/nested"),
        ({"metadata": {"list": [1]}}, "/metadata/list"),
        ({"metadata": "text"}, "/metadata"),
        ({"id": 7}, "/id"),
        ({"added": "2016-01-01T00:00:00Z"}, "/added"),
        (
            {"baseline_period_end": "2016-02-01T00:00:00Z", "reporting_period_start": "2016-01-01T00:00:00Z"},
            "/reporting_period_start",
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "sync"])
def test_an_invalid_field_is_reported_and_nothing_is_written(
    api: Api, method: str, fields: dict[str, Any], pointer: str
) -> None:
    project_id = unique()
    body = {"project_id": project_id, **fields}
    if method == "sync":
        good = {"project_id": unique()}
        problem = api.refused("POST", "projects/sync/", 400, json=[good, body])
        pointer = f"/1{pointer}"
        assert found(api, good["project_id"]) == []
    elif method == "POST":
        problem = api.refused("POST", "projects/", 400, json=body)
    else:
        project = create(api)
        problem = api.refused("PATCH", f"projects/{project['id']}/", 400, json={"zipcode": "60601", **fields})
        assert api.get(f"projects/{project['id']}/") == project
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert found(api, project_id) == []


def test_a_time_zone_is_an_iana_name_and_not_a_system_file(api: Api) -> None:
    problem = api.refused("POST", "projects/", 400, json={"project_id": unique(), "timezone": "localtime"})
    assert [error["pointer"] for error in problem["errors"]] == ["/timezone"]


@pytest.mark.parametrize("method", ["PATCH", "sync"])
def test_a_period_is_checked_against_the_stored_ones(api: Api, method: str) -> None:
    project = create(api, reporting_period_start="2016-02-01T00:00:00Z")
    changes = {"baseline_period_end": "2016-03-01T00:00:00Z"}
    if method == "PATCH":
        api.refused("PATCH", f"projects/{project['id']}/", 400, json=changes)
    else:
        api.refused("POST", "projects/sync/", 400, json=[{"project_id": project["project_id"], **changes}])
    assert api.get(f"projects/{project['id']}/") == project


def test_the_filters(api: Api, zipcode: str) -> None:
    first, second = (create(api, zipcode=zipcode) for _ in range(2))
    create(api)
    assert api.get("projects/", zipcode=zipcode) == [first, second]
    assert api.get("projects/", project_id=first["project_id"]) == [first]
    assert api.get("projects/", project_id=first["project_id"], zipcode=zipcode) == [first]
    assert api.get("projects/", project_id=first["project_id"], zipcode="00000") == []
    assert api.get("projects/", project_id=unique()) == []
    api.call("PATCH", f"projects/{first['id']}/", json={"zipcode": None})
    assert api.get("projects/", zipcode=zipcode) == [second]


def test_the_pages_of_a_filtered_list_together_are_the_whole_list(api: Api, zipcode: str) -> None:
    done = sync(api, [{"project_id": unique(), "zipcode": zipcode} for _ in range(7)])
    ids = [item["id"] for item in done]
    for limit, sizes in ((3, [3, 3, 1]), (7, [7]), (1000, [7])):
        pages = api.pages("projects", zipcode=zipcode, limit=limit)
        assert [project["id"] for page in pages for project in page] == ids
        assert [len(page) for page in pages if page] == sizes


def test_the_pages_of_all_projects_together_are_the_whole_list(api: Api) -> None:
    first, *_, last = sync(api, [{"project_id": unique()} for _ in range(130)])
    api.call("DELETE", f"projects/{first['id'] + 50}/")  # a gap in the ids does not end the list
    assert len(api.get("projects/", after=first["id"] - 1)) == 100
    whole, paged = (
        [project for page in api.pages("projects/", after=first["id"] - 1, limit=limit) for project in page]
        for limit in (1000, 60)
    )
    assert paged == whole
    ids = [project["id"] for project in whole]
    assert ids == sorted(set(ids))
    assert set(range(first["id"], last["id"] + 1)) - set(ids) == {first["id"] + 50}


def test_a_page_of_large_items_is_shorter_but_no_item_is_lost(api: Api, zipcode: str) -> None:
    ids = []
    for _ in range(2):  # together more than Lambda's 6 MB
        items = [{"project_id": unique(), "zipcode": zipcode, "metadata": {"a": "x" * 19_900}} for _ in range(160)]
        ids += [item["id"] for item in sync(api, items)]
    pages = api.pages("projects/", zipcode=zipcode, limit=1000)
    assert len(pages) > 1
    assert [project["id"] for page in pages for project in page] == ids


def test_a_sync_creates_updates_or_leaves_unchanged(api: Api) -> None:
    old, same, new = (unique() for _ in range(3))
    for project_id in (old, same):
        create(api, project_id=project_id, **FULL)
    items: list[dict[str, Any]] = [
        {"project_id": new, "zipcode": "94110"},
        {"project_id": same, **FULL},
        {"project_id": old, "zipcode": "94110"},
    ]
    before = found(api, same)
    done = sync(api, items)
    assert [(item["project_id"], item["status"]) for item in done] == [
        (new, "created"),
        (same, "unchanged"),
        (old, "updated"),
    ]
    assert [item["id"] for item in done] == [found(api, item["project_id"])[0]["id"] for item in items]
    assert found(api, same) == before
    assert fields_of(found(api, new)[0]) == EMPTY | {"zipcode": "94110"}
    assert fields_of(found(api, old)[0]) == SHOWN | {"zipcode": "94110"}  # other fields are unchanged
    assert [item["status"] for item in sync(api, items)] == ["unchanged"] * 3


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (0, None), ("1", 1), (1, 2), (0.1, 0.2)])
def test_a_sync_detects_every_change_of_metadata(api: Api, before: Any, after: Any) -> None:
    item: dict[str, Any] = {"project_id": unique(), "metadata": {"value": before}}
    sync(api, [item])
    (done,) = sync(api, [item | {"metadata": {"value": after}}])
    assert done["status"] == "updated"
    value = found(api, item["project_id"])[0]["metadata"]["value"]
    assert (value, type(value)) == (after, type(after))


@pytest.mark.parametrize("value", [10**30, 2**53 + 1, 1e300, 5e-324, "\x00", "", "ü" * 100, 0.1 + 0.2])
def test_metadata_come_back_unchanged_to_the_last_bit(api: Api, value: Any) -> None:
    project = create(api, metadata={"value": value, "a/b~c ü": None})
    assert api.get(f"projects/{project['id']}/")["metadata"] == {"value": value, "a/b~c ü": None}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_sync_of_nothing_does_nothing(api: Api, slash: str) -> None:
    assert api.post(f"projects/sync{slash}", [], status=200) == []


def test_a_sync_refuses_a_repeated_project_id(api: Api) -> None:
    project_id = unique()
    items = [{"project_id": project_id}, {"project_id": unique()}, {"project_id": project_id}]
    problem = api.refused("POST", "projects/sync/", 400, json=items)
    assert [error["pointer"] for error in problem["errors"]] == ["/2/project_id"]
    assert not any(found(api, item["project_id"]) for item in items)


def test_a_sync_accepts_10_000_items_and_no_more(api: Api) -> None:
    items = [{"project_id": unique()} for _ in range(10_001)]
    problem = api.refused("POST", "projects/sync/", 400, json=items)
    assert [error["pointer"] for error in problem["errors"]] == [""]
    assert found(api, items[0]["project_id"]) == []
    done = sync(api, items[:-1])
    assert {item["status"] for item in done} == {"created"}
    ids = [item["id"] for item in done]
    assert ids == list(range(ids[0], ids[0] + 10_000))


def test_a_sync_updates_10_000_items(api: Api) -> None:
    items = [{"project_id": unique()} for _ in range(10_000)]
    sync(api, items)
    done = sync(api, [{**item, "zipcode": "60601"} for item in items])
    assert {item["status"] for item in done} == {"updated"}


def test_concurrent_syncs_create_each_project_once(api: Api) -> None:
    items: list[dict[str, Any]] = [{"project_id": unique(), "metadata": {"n": n}} for n in range(3)]
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(sync, Api(api.url, api.token, api.document), items) for _ in range(4)]
    done = [one.result() for one in futures]
    assert len({tuple(item["id"] for item in one) for one in done}) == 1
    assert [len(found(api, item["project_id"])) for item in items] == [1, 1, 1]
    assert sum(item["status"] == "created" for one in done for item in one) == 3
