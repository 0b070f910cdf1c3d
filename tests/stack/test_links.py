"""The links between projects and traces: under load, while a project is deleted, and after an update."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from chalicelib.store.collections import links, projects, traces
from chalicelib.store.shared import bulk
from chalicelib.store.shared.errors import UnknownProject
from chalicelib.store.tables import collections as tables
from chalicelib.store.tables.keys import UniqueKey
from infra.deployment import links as deployed_links
from infra.local.stack import Running
from tests.stack.client import Api
from tests.stack.names import unique
from tests.stack.projects import make_project
from tests.stack.traces import ELECTRICITY, create, sync

pytestmark = pytest.mark.usefixtures("store")

CLIENTS = 16
MANY = 3000  # traces; unlinking them takes a second or two
LINKED = 40  # projects of a trace, at most


def linked_to(project: int, count: int) -> list[dict[str, Any]]:
    return [{"trace_id": unique(), **ELECTRICITY, "projects": [project]} for _ in range(count)]


def rows_of(project: int) -> list[int]:
    """The traces that a scan of all links finds for a project."""
    return sorted(link.trace for link in tables.Link.scan(consistent_read=True) if link.project == project)


def at_once(send: Callable[[int], requests.Response]) -> list[requests.Response]:
    """The responses to requests of many clients at the same time."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(send, range(CLIENTS)))


@pytest.fixture
def another(api: Api) -> Callable[[], Api]:
    """A client with its own connection."""
    return lambda: Api(api.url, api.token, api.document)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deletions in this process end right after their transaction."""
    monkeypatch.setattr(projects, "UNLINKING", 0.0)


class TestContention:
    def test_changes_of_one_project_all_succeed_or_may_be_repeated(self, api: Api, another: Callable[[], Api]) -> None:
        path = f"projects/{make_project(api)}/"
        for body in (lambda n: {"metadata": {"by": n}}, lambda n: {"project_id": unique()}):
            answers = at_once(lambda n, body=body: another().call("PATCH", path, json=body(n)))  # type: ignore[misc]
            assert {answer.status_code for answer in answers} <= {200, 503}
            assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
            assert sum(answer.status_code == 200 for answer in answers) >= CLIENTS // 2

    def test_syncs_of_the_same_items_all_succeed_or_may_be_repeated(self, api: Api, another: Callable[[], Api]) -> None:
        keys = [unique() for _ in range(30)]

        def send(n: int) -> requests.Response:
            return another().call(
                "POST", "projects/sync/", json=[{"project_id": key, "metadata": {"by": n}} for key in keys]
            )

        answers = at_once(send)
        assert {answer.status_code for answer in answers} <= {200, 503}
        done = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(done) >= CLIENTS // 2
        assert len({tuple(item["id"] for item in items) for items in done}) == 1
        created = [item["id"] for items in done for item in items if item["status"] == "created"]
        assert len(created) == len(set(created))


class TestDeletion:
    def test_nothing_names_a_deleted_project(self, api: Api) -> None:
        other, project = make_project(api), api.post("projects/", {"project_id": unique()})
        trace = create(api, projects=[other, project["id"]])
        assert api.call("DELETE", f"projects/{project['id']}/").status_code == 204
        assert api.get(f"traces/{trace['id']}/")["projects"] == [other]
        stored = traces.get(trace["id"])
        assert stored is not None
        assert stored.projects == [other]
        assert rows_of(project["id"]) == []
        assert project["id"] not in links.deleted_projects()
        assert UniqueKey.count(f"project_id#{project['project_id']}") == 0

    def test_nothing_names_a_deleted_trace(self, api: Api) -> None:
        project = make_project(api)
        trace = create(api, projects=[project])
        assert rows_of(project) == [trace["id"]]
        assert api.call("DELETE", f"traces/{trace['id']}/").status_code == 204
        assert rows_of(project) == []
        assert UniqueKey.count(f"trace_id#{trace['trace_id']}") == 0

    def test_a_deletion_that_is_cut_short_is_complete_for_clients_and_ended_by_the_reconciler(
        self, api: Api, interrupted: None, unscheduled_reconciler: Callable[[], None]
    ) -> None:
        other, project = make_project(api), make_project(api)
        trace = create(api, projects=[other, project])
        path = f"traces/{trace['id']}/"
        assert projects.delete(project)
        assert rows_of(project) == [trace["id"]]  # not unlinked yet

        api.refused("GET", f"projects/{project}/", 404)
        api.refused("DELETE", f"projects/{project}/", 404)
        assert api.get(path)["projects"] == [other]
        assert api.get("traces/", projects=project) == []
        assert api.get("traces/", trace_id=trace["trace_id"], projects=project) == []
        assert [one["projects"] for one in api.get("traces/", projects=other)] == [[other]]
        group = {"target": "trace_id", "comparison": "==", "value": trace["trace_id"]}
        of_group = api.post("trace_groups/", {"name": unique(), "filter_specification": group})["id"]
        assert [one["projects"] for one in api.get("traces/", group=of_group)] == [[other]]
        assert api.get("traces/", group=of_group, projects=project) == []
        assert api.call("PATCH", path, json={"readings": None}).json()["projects"] == [other]
        api.refused("PATCH", path, 400, json={"projects": [project]})
        (run,) = api.post("meter_runs/bulk/", {"targets": [{"trace": trace["id"]}]})[0]
        assert run["project"] == other

        unscheduled_reconciler()
        stored = traces.get(trace["id"])
        assert stored is not None
        assert stored.projects == [other]
        assert rows_of(project) == []
        assert project not in links.deleted_projects()

    def test_a_trace_that_changes_or_goes_before_it_is_unlinked_leaves_no_link(
        self, api: Api, interrupted: None
    ) -> None:
        project, other = make_project(api), make_project(api)
        moved, gone = create(api, projects=[project]), create(api, projects=[project])
        assert projects.delete(project)
        assert api.call("PATCH", f"traces/{moved['id']}/", json={"projects": [other]}).json()["projects"] == [other]
        assert api.call("DELETE", f"traces/{gone['id']}/").status_code == 204
        traces.unlink(project)
        assert rows_of(project) == []
        assert api.get("traces/", projects=other) == [api.get(f"traces/{moved['id']}/")]

    def test_a_link_whose_trace_no_longer_names_the_project_is_removed(self, api: Api, interrupted: None) -> None:
        project = make_project(api)
        trace = create(api)
        bulk.put_all(tables.Link, [tables.Link(project, trace["id"])])
        assert projects.delete(project)
        traces.unlink(project)
        assert rows_of(project) == []

    def test_a_large_project_is_deleted_within_seconds(
        self, api: Api, unscheduled_reconciler: Callable[[], None]
    ) -> None:
        project = make_project(api)
        ids = [item["id"] for item in sync(api, linked_to(project, MANY))]
        assert [one["id"] for page in api.pages("traces/", projects=project, limit=1000) for one in page] == ids
        assert [
            one["id"] for page in api.pages("traces/", projects=project, interpretation="E_C_S") for one in page
        ] == ids
        began = time.monotonic()
        assert api.call("DELETE", f"projects/{project}/").status_code == 204
        assert time.monotonic() - began < 15  # 2 s, and the time that a busy machine adds
        assert api.get("traces/", projects=project) == []
        shown = [one for page in api.pages("traces/", after=ids[0] - 1, limit=1000) for one in page if one["id"] in ids]
        assert len(shown) == MANY
        assert all(one["projects"] == [] for one in shown)
        unscheduled_reconciler()
        assert rows_of(project) == []
        assert project not in links.deleted_projects()

    @pytest.mark.parametrize("way", ["create", "change", "sync"])
    def test_a_trace_that_is_linked_while_its_project_is_deleted_is_refused_or_unlinked(
        self, api: Api, another: Callable[[], Api], reconcile: Callable[[], None], way: str
    ) -> None:
        project = make_project(api)
        bare = [create(api)["id"] for _ in range(CLIENTS if way == "change" else 0)]

        def send(n: int) -> requests.Response:
            client = another()
            if n == CLIENTS // 2:
                return client.call("DELETE", f"projects/{project}/")
            if way == "create":
                return client.call("POST", "traces/", json=linked_to(project, 1)[0])
            if way == "change":
                return client.call("PATCH", f"traces/{bare[n]}/", json={"projects": [project]})
            return client.call("POST", "traces/sync/", json=linked_to(project, 60))

        answers = at_once(send)
        assert answers[CLIENTS // 2].status_code == 204
        linking = [answer for n, answer in enumerate(answers) if n != CLIENTS // 2]
        assert {answer.status_code for answer in linking} <= {200, 201, 400}
        assert all(f"There is no project {project}." in answer.text for answer in linking if answer.status_code == 400)
        reconcile()
        assert rows_of(project) == []
        named = [trace.id for trace in tables.Trace.scan(consistent_read=True) if project in trace.projects]
        assert named == []

    def test_the_transaction_itself_refuses_a_link_to_a_project_that_was_deleted(self, api: Api) -> None:
        kept, project = make_project(api), make_project(api)
        trace = create(api, projects=[kept])
        trace_id = unique()
        fields = {"trace_id": trace_id, "interpretation": "x", "unit": "KWH", "projects": [kept, project]}
        assert projects.delete(project)
        for link in (
            lambda: traces.create(fields),
            lambda: traces.sync([fields]),
            lambda: traces.update(trace["id"], {"projects": [kept, project]}),
            lambda: traces.sync([{"trace_id": trace["trace_id"], "projects": [kept, project]}]),
        ):
            with pytest.raises(UnknownProject):
                link()
        assert rows_of(project) == []
        assert traces.find_many([trace_id]) == {}
        assert api.get("traces/", projects=kept) == [trace]


class TestLinks:
    def test_a_trace_changes_all_of_its_projects_at_once(self, api: Api) -> None:
        first, second = (
            [item["id"] for item in api.post("projects/sync/", [{"project_id": unique()} for _ in range(LINKED)], 200)]
            for _ in range(2)
        )
        trace = create(api, projects=first)
        changed = api.call("PATCH", f"traces/{trace['id']}/", json={"projects": second})
        assert (changed.status_code, changed.json()["projects"]) == (200, second)
        sync(api, [{"trace_id": trace["trace_id"], **ELECTRICITY, "projects": first}])
        assert api.get(f"traces/{trace['id']}/")["projects"] == first
        assert [rows_of(project) for project in (first[0], second[-1])] == [[trace["id"]], []]

    def test_the_traces_of_few_and_of_many_projects_are_the_same(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owners = [make_project(api) for _ in range(3)]
        made = [create(api, projects=[owner])["id"] for owner in owners[:2]]
        expected = {owner: [trace] for owner, trace in zip(owners[:2], made, strict=True)}
        for rows_per_query in (0, 10**9):
            monkeypatch.setattr(links, "ROWS_PER_QUERY", rows_per_query)
            found = {owner: list(traces) for owner, traces in links.traces_of_each(owners).items()}
            assert found == expected
        assert links.traces_of_each([]) == {}

    def test_links_of_an_earlier_version_are_written_again(self, api: Api, stack: Running) -> None:
        project, deleted = make_project(api), make_project(api)
        one, other = create(api, projects=[project]), create(api, projects=[project, deleted])
        bulk.delete_all(tables.Link, [tables.Link(project, one["id"]), tables.Link(project, other["id"])])
        bulk.delete_all(tables.Link, [tables.Link(deleted, other["id"])])
        assert api.call("DELETE", f"projects/{deleted}/").status_code == 204
        assert api.get(f"traces/{other['id']}/")["projects"] == [project, deleted]  # no link led to it

        assert not deployed_links.rebuild(stack.stack, once=True)  # the stack has been deployed
        for _ in range(2):
            assert deployed_links.rebuild(stack.stack)
            assert api.get("traces/", projects=project) == [api.get(f"traces/{trace['id']}/") for trace in (one, other)]
            assert api.get(f"traces/{other['id']}/")["projects"] == [project]
            assert api.get(f"traces/{one['id']}/") == one
