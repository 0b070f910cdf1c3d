"""trace_groups/: every method, filter, page and refusal, and the members of groups, as their meter runs show."""

from typing import Any, NamedTuple
from urllib.parse import urljoin

import pytest

from tests.stack.client import Api
from tests.stack.names import ABSENT, unique

KEYS = ["id", "name", "filter_specification", "added", "updated"]
FILTER = {"target": "project_metadata|program", "comparison": "==", "value": "retrofit"}
TWO = {
    "filter_boolean": {
        "boolean": "or",
        "filter_a": {"filter": FILTER},
        "filter_b": {"filter": {"target": "trace_id", "comparison": "not in", "value": ["a", 1, 0.5, True, None]}},
    }
}
POINTER = "/filter_specification"


def create(api: Api, specification: Any = TWO, name: str | None = None) -> dict[str, Any]:
    body = {"name": name or unique(), "filter_specification": specification}
    group: dict[str, Any] = api.post("trace_groups/", body)
    return group


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_group_is_created_shown_and_deleted(api: Api, slash: str) -> None:
    body = {"name": f"Büro 東京 {unique()}", "filter_specification": TWO}
    response = api.call("POST", f"trace_groups{slash}", json=body)
    assert response.status_code == 201
    group = response.json()
    assert list(group) == KEYS
    assert {name: group[name] for name in body} == body
    assert urljoin(response.url, response.headers["Location"]) == f"{api.url}trace_groups/{group['id']}/"
    assert api.get(f"trace_groups/{group['id']}{slash}") == group
    assert api.get("trace_groups/", name=group["name"]) == [group]
    response = api.call("DELETE", f"trace_groups/{group['id']}{slash}")
    assert (response.status_code, response.content) == (204, b"")
    for method, arguments in (("GET", {}), ("PATCH", {"json": {"name": "x"}}), ("DELETE", {})):
        api.refused(method, f"trace_groups/{group['id']}{slash}", 404, **arguments)
    assert api.get("trace_groups/", name=group["name"]) == []
    assert create(api)["id"] > group["id"]


def test_the_wrapping_may_be_left_out(api: Api) -> None:
    inner = TWO["filter_boolean"]
    bare = {**inner, "filter_a": FILTER}
    assert create(api, bare)["filter_specification"] == TWO
    assert create(api, FILTER)["filter_specification"] == {"filter": FILTER}


def test_a_patch_changes_only_the_given_fields(api: Api) -> None:
    group = create(api)
    path = f"trace_groups/{group['id']}/"
    for changes, shown in (
        ({"name": unique()}, {}),
        ({"filter_specification": FILTER}, {"filter_specification": {"filter": FILTER}}),
        ({"name": unique(), "filter_specification": TWO}, {}),
    ):
        before = api.get(path)
        response = api.call("PATCH", path, json=changes)
        assert response.status_code == 200
        after = api.get(path)
        assert response.json() == after
        assert after == before | changes | shown | {"updated": after["updated"]}
        assert after["updated"] > before["updated"]


def test_groups_may_have_the_same_name_and_are_paged_by_it(api: Api) -> None:
    name = unique()
    ids = [create(api, name=name)["id"] for _ in range(5)]
    create(api)
    for limit, sizes in ((2, [2, 2, 1]), (5, [5]), (1000, [5])):
        pages = api.pages("trace_groups", name=name, limit=limit)
        assert [group["id"] for page in pages for group in page] == ids
        assert [len(page) for page in pages if page] == sizes
    listed = [group for page in api.pages("trace_groups/", after=ids[0] - 1, limit=2) for group in page]
    assert [group["id"] for group in listed][:5] == ids


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"id": 7}, "/id"),
        ({"filter_specification": None}, POINTER),
        ({"filter_specification": "project_id == 7"}, POINTER),
        ({"filter_specification": {}}, POINTER),
        ({"filter_specification": {"filter": FILTER, **TWO}}, POINTER),
        ({"filter_specification": {"filter": {**FILTER, "target": "zipcode"}}}, f"{POINTER}/filter/target"),
        ({"filter_specification": {"filter": {**FILTER, "comparison": "="}}}, f"{POINTER}/filter/comparison"),
        ({"filter_specification": {"filter": {**FILTER, "value": []}}}, f"{POINTER}/filter/value"),
        ({"filter_specification": {**FILTER, "comparison": "in"}}, f"{POINTER}/value"),
        ({"filter_specification": {"filter": {**FILTER, "values": 1}}}, f"{POINTER}/filter/values"),
        (
            {
                "filter_specification": {
                    "filter_boolean": {
                        **TWO["filter_boolean"],
                        "filter_a": {"filter": {**FILTER, "comparison": "=<"}},
                    }
                }
            },
            f"{POINTER}/filter_boolean/filter_a/filter/comparison",
        ),
        (
            {"filter_specification": {"filter_boolean": {**TWO["filter_boolean"], "boolean": "xor"}}},
            f"{POINTER}/filter_boolean/boolean",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_invalid_field_is_reported_and_nothing_is_written(
    api: Api, method: str, fields: dict[str, Any], pointer: str
) -> None:
    group = create(api)
    path = "trace_groups/" if method == "POST" else f"trace_groups/{group['id']}/"
    problem = api.refused(method, path, 400, json={"name": unique(), "filter_specification": TWO, **fields})
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert api.get("trace_groups/", after=group["id"] - 1) == [group]


@pytest.mark.parametrize("levels", [21, 99, 500, 5000])
def test_filters_are_nested_at_most_20_deep(api: Api, levels: int) -> None:
    def body(levels: int) -> bytes:
        before = b'{"boolean":"and","filter_a":{"target":"trace_id","comparison":"==","value":1},"filter_b":'
        inner = b'{"target":"trace_id","comparison":"==","value":1}'
        return b'{"name":"deep","filter_specification":' + before * levels + inner + b"}" * (levels + 1)

    headers = {"Content-Type": "application/json"}
    assert api.call("POST", "trace_groups/", data=body(20), headers=headers).status_code == 201
    problem = api.refused("POST", "trace_groups/", 400, data=body(levels), headers=headers)
    assert "nested" in problem["detail"]


class Portfolio(NamedTuple):
    """Projects of a program that no other test uses, and their traces, by name."""

    program: str
    projects: dict[str, int]
    traces: dict[str, int]

    def pairs(self, *names: str) -> list[tuple[int, int]]:
        """The ids of "project/trace" pairs, ordered by trace and then project."""
        split = [name.split("/") for name in names]
        return sorted(((self.projects[one], self.traces[other]) for one, other in split), key=lambda pair: pair[::-1])


@pytest.fixture(scope="module")
def portfolio(api: Api) -> Portfolio:
    program = unique()
    projects, traces = {}, {}
    metadata: dict[str, dict[str, Any]] = {
        "small": {"area": 900, "kind": "office", "done": True},
        "large": {"area": 2500.5, "kind": "school", "done": 1},
        "text": {"area": "1000", "kind": None},
        "bare": {},
    }
    for name, fields in metadata.items():
        body = {"project_id": f"{program} {name}", "metadata": {"program": program, **fields}}
        projects[name] = api.post("projects/", body)["id"]
    for name, owners in (("s", ["small"]), ("sl", ["large", "small"]), ("t", ["text"]), ("b", ["bare"]), ("loose", [])):
        traces[name] = api.post(
            "traces/",
            {
                "trace_id": f"{program} {name}",
                "interpretation": "NG_C_S",
                "unit": "therm",
                "projects": [projects[owner] for owner in owners],
            },
        )["id"]
    return Portfolio(program, projects, traces)


def both(one: Any, other: Any, boolean: str = "and") -> dict[str, Any]:
    return {"boolean": boolean, "filter_a": one, "filter_b": other}


def metadata(name: str, comparison: str, value: Any) -> dict[str, Any]:
    return {"target": f"project_metadata|{name}", "comparison": comparison, "value": value}


EVERY = ["small/s", "small/sl", "large/sl", "text/t", "bare/b"]


@pytest.mark.parametrize(
    ("specification", "expected"),
    [
        (metadata("area", ">", 900), ["large/sl"]),
        (metadata("area", ">=", 900), ["small/s", "small/sl", "large/sl"]),
        (metadata("area", "<", "9"), ["text/t"]),
        (metadata("done", "==", 1), ["large/sl"]),
        (metadata("done", "==", True), ["small/s", "small/sl"]),
        (metadata("done", "!=", True), ["large/sl", "text/t", "bare/b"]),
        (metadata("kind", "in", ["office", None]), ["small/s", "small/sl", "text/t"]),
        (metadata("kind", "not in", ["office", None]), ["large/sl", "bare/b"]),
        (both(metadata("kind", "==", "school"), metadata("area", "==", "1000"), "or"), ["large/sl", "text/t"]),
        ({"target": "project_id", "comparison": "==", "value": "{} small"}, ["small/s", "small/sl"]),
        ({"target": "trace_id", "comparison": "in", "value": ["{} sl", "{} b"]}, ["small/sl", "large/sl", "bare/b"]),
        ({"target": "trace_id", "comparison": "!=", "value": ""}, EVERY),
    ],
    ids=lambda value: str(value)[:80],
)
def test_a_group_makes_one_meter_run_for_each_matching_pair(
    api: Api, portfolio: Portfolio, specification: dict[str, Any], expected: list[str]
) -> None:
    value = specification.get("value")
    if "{}" in str(value):
        own = [text.format(portfolio.program) for text in ([value] if isinstance(value, str) else value)]  # type: ignore[union-attr]
        specification = {**specification, "value": own[0] if isinstance(value, str) else own}
    group = create(api, both(metadata("program", "==", portfolio.program), specification))["id"]
    target = {"trace": portfolio.traces["s"]}
    (of_group, _) = api.post("meter_runs/bulk/", {"targets": [{"group": group}, target]})
    assert [(run["project"], run["trace"]) for run in of_group] == portfolio.pairs(*expected)


def test_the_traces_of_a_group_are_listed_with_the_other_filters(api: Api, portfolio: Portfolio) -> None:
    group = create(api, metadata("program", "==", portfolio.program))["id"]
    members = sorted({run["trace"] for run in api.post("meter_runs/bulk/", {"targets": [{"group": group}]})[0]})
    assert [trace["id"] for trace in api.get("traces/", group=group)] == members
    pages = api.pages("traces/", group=group, limit=2)
    assert [trace["id"] for page in pages for trace in page] == members
    one = api.get(f"traces/{members[0]}/")
    assert api.get("traces/", group=group, trace_id=one["trace_id"]) == [one]
    of_project = api.get("traces/", group=group, projects=one["projects"][0])
    assert one in of_project
    assert {trace["id"] for trace in of_project} < set(members)
    problem = api.refused("GET", "traces/", 400, params={"group": ABSENT})
    assert problem["errors"][0]["pointer"] == "/group"


def test_the_runs_of_a_group_belong_to_one_batch(api: Api, portfolio: Portfolio) -> None:
    group = create(api, metadata("program", "==", portfolio.program))["id"]
    response = api.call("POST", "meter_runs/bulk/", json={"targets": [{"group": group}], "model_class": "DailyModel"})
    (runs,) = response.json()
    assert {api.ended(run["id"])["model_class"] for run in runs} == {"DailyModel"}
    batch = api.get(urljoin(response.url, response.headers["Location"]).removeprefix(api.url))
    assert (batch["total"], batch["failed"]) == (5, 5)  # the traces have no records


def test_the_members_of_a_group_are_determined_when_it_is_used(api: Api) -> None:
    program = unique()
    project = api.post("projects/", {"project_id": unique()})["id"]
    body = {"trace_id": unique(), "interpretation": "E_C_S", "unit": "kWh", "projects": [project]}
    trace = api.post("traces/", body)["id"]
    group = create(api, metadata("program", "==", program))["id"]
    targets = {"targets": [{"group": group}, {"trace": trace, "project": project}]}
    assert [len(runs) for runs in api.post("meter_runs/bulk/", targets)] == [0, 1]
    api.call("PATCH", f"projects/{project}/", json={"metadata": {"program": program}})
    assert [len(runs) for runs in api.post("meter_runs/bulk/", targets)] == [1, 1]
    api.call("DELETE", f"traces/{trace}/")
    api.refused("POST", "meter_runs/bulk/", 400, json={"targets": [{"group": group}]})


def test_a_trace_without_a_project_matches_but_is_not_run(api: Api, portfolio: Portfolio) -> None:
    loose = {"target": "trace_id", "comparison": "==", "value": f"{portfolio.program} loose"}
    group = create(api, loose)["id"]
    problem = api.refused("POST", "meter_runs/bulk/", 400, json={"targets": [{"group": group}]})
    assert [error["pointer"] for error in problem["errors"]] == ["/targets"]


@pytest.mark.parametrize(
    ("others", "group", "pointers"),
    [
        ({}, ABSENT, ["/targets/1/group"]),
        ({"trace": "s"}, None, ["/targets/1/trace"]),
        ({"project": "small"}, None, ["/targets/1/project"]),
        ({"project": "small", "trace": "s"}, ABSENT, ["/targets/1/project", "/targets/1/trace", "/targets/1/group"]),
        ({}, "all", ["/targets/1/group"]),
    ],
    ids=str,
)
def test_an_invalid_target_is_reported_and_nothing_is_run(
    api: Api, portfolio: Portfolio, others: dict[str, str], group: Any, pointers: list[str]
) -> None:
    known = {"project": portfolio.projects, "trace": portfolio.traces}
    fields = {name: known[name][value] for name, value in others.items()}
    group = group or create(api, metadata("program", "==", portfolio.program))["id"]
    good = api.post("traces/", {"trace_id": unique(), "interpretation": "E_C_S", "unit": "kWh"})["id"]
    targets = [{"trace": good, "project": portfolio.projects["small"]}, {"group": group, **fields}]
    problem = api.refused("POST", "meter_runs/bulk/", 400, json={"targets": targets})
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert api.get("meter_runs/", trace=good) == []
