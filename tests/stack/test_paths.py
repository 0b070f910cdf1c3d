"""Paths, ids and query parameters of all endpoints."""

from typing import Any

import pytest

from tests.stack.client import Api
from tests.stack.names import ABSENT, unique
from tests.stack.operations import LISTS, ONE, with_id


class TestPaths:
    @pytest.mark.parametrize(("method", "path"), ONE)
    @pytest.mark.parametrize("id", [ABSENT, 0, "-1", "x", "1.5", "9" * 30])
    def test_an_unknown_id_is_a_404(self, api: Api, method: str, path: str, id: int | str) -> None:
        problem = api.refused(method, with_id(path, id), 404, **({"json": {}} if method == "PATCH" else {}))
        assert str(id) in problem["detail"]

    @pytest.mark.parametrize("path", ["nothing/", "projects/1/nothing/"])
    def test_an_unknown_path_is_a_problem_too(self, api: Api, path: str) -> None:
        api.refused("GET", path, 404)

    @pytest.mark.parametrize(("path", "query"), LISTS)
    @pytest.mark.parametrize(
        "invalid",
        [{"limit": 0}, {"limit": 1001}, {"limit": -1}, {"limit": "x"}, {"limit": "1.5"}, {"limit": ""}, {"unknown": 1}],
        ids=str,
    )
    def test_an_invalid_parameter_is_reported(
        self, api: Api, path: str, query: dict[str, Any], invalid: dict[str, Any]
    ) -> None:
        problem = api.refused("GET", path, 400, params=query | invalid)
        (name,) = invalid
        assert [error["pointer"] for error in problem["errors"]] == [f"/{name}"]

    @pytest.mark.parametrize(("path", "query"), LISTS)
    def test_the_bounds_of_limit_are_accepted(self, api: Api, path: str, query: dict[str, Any]) -> None:
        if "trace" in query:
            query = {
                "trace": api.post("traces/", {"trace_id": unique(), "interpretation": "E_C_S", "unit": "Wh"})["id"]
            }
        assert len(api.get(path, limit=1, **query)) <= 1
        assert len(api.get(path, limit=1000, **query)) <= 1000

    def test_repeated_and_unknown_parameters_are_refused(self, api: Api) -> None:
        api.refused("GET", "projects/?limit=1&limit=2", 400)
        api.refused("GET", "projects/1/?limit=1", 400)
        api.refused("POST", "projects/?limit=1", 400, json={"project_id": unique()})


def test_ids_are_dense_and_in_order(api: Api) -> None:
    def project() -> int:
        return int(api.post("projects/", {"project_id": unique()})["id"])

    def trace() -> int:
        return int(api.post("traces/", {"trace_id": unique(), "interpretation": "E_C_S", "unit": "Wh"})["id"])

    for create, path in ((project, "projects/"), (trace, "traces/")):
        first = create()
        api.refused("POST", path, 400, json={"unknown": 1})
        assert [create(), create()] == [first + 1, first + 2]
        api.call("DELETE", f"{path}{first + 2}/")
        assert create() == first + 3
