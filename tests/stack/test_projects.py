"""projects/: every method, filter, page and refusal."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.stack.client import Api
from tests.stack.names import unique
from tests.stack.projects import EMPTY, FULL, SHOWN, create, fields_of, found, sync

KEYS = ["id", "project_id", *FULL, "added", "updated"]


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
    assert urljoin(response.url, response.headers["Location"]) == f"{api.url}projects/{project['id']}/"
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


@pytest.mark.parametrize("value", [10**30, 2**53 + 1, 1e300, 5e-324, "\x00", "", "ü" * 100, 0.1 + 0.2])
def test_metadata_come_back_unchanged_to_the_last_bit(api: Api, value: Any) -> None:
    project = create(api, metadata={"value": value, "a/b~c ü": None})
    assert api.get(f"projects/{project['id']}/")["metadata"] == {"value": value, "a/b~c ü": None}
