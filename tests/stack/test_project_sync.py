"""projects/sync/: whole lists of projects, created, updated or unchanged."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack.client import Api
from tests.stack.names import unique
from tests.stack.projects import EMPTY, FULL, SHOWN, create, fields_of, found, sync


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
