"""A client of the API that validates every response against openapi.json."""

import time
from fnmatch import fnmatch
from typing import Any

import requests
from jsonschema import Draft202012Validator

ENDED = ("SUCCESS", "FAILED")
TIMEOUT = 300  # seconds that a test waits for a run, which takes a few on an idle machine


class Api:
    """Requests to one stack with one token."""

    def __init__(self, url: str, token: str, document: dict[str, Any] | None = None) -> None:
        self.url = url
        self.token = token
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.document = document or requests.get(url + "openapi.json", timeout=60).json()

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """The response, validated against openapi.json."""
        url = path if path.startswith("http") else self.url + path
        response = self.session.request(method, url, timeout=60, **arguments)
        self.check(method, url, response)
        return response

    def get(self, path: str, **query: Any) -> Any:
        """The response to a GET."""
        response = self.call("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any, status: int = 201, **headers: str) -> Any:
        """The response to a POST, which is repeated for as long as a busy datastore asks for that."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            response = self.call("POST", path, json=body, headers=headers)
            if response.status_code != 503 or time.monotonic() > deadline:
                break
            time.sleep(int(response.headers["Retry-After"]))
        assert response.status_code == status, response.text
        return response.json()

    def refused(self, method: str, path: str, status: int, **arguments: Any) -> dict[str, Any]:
        """The problem document of a refused request."""
        response = self.call(method, path, **arguments)
        assert response.status_code == status, response.text
        assert response.headers["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = response.json()
        assert problem["status"] == status
        assert {"type", "title", "detail"} <= set(problem)
        return problem

    def pages(self, path: str, **query: Any) -> list[list[Any]]:
        """The pages of a list, following the Link headers to the last page."""
        response = self.call("GET", path, params=query)
        pages = [response.json()]
        while "next" in response.links:
            response = self.call("GET", response.links["next"]["url"])
            assert response.status_code == 200, response.text
            pages.append(response.json())
        return pages

    def ended(self, run_id: int, resource: str = "meter_runs") -> dict[str, Any]:
        """Wait until a run has ended, and return it."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            run: dict[str, Any] = self.get(f"{resource}/{run_id}/")
            if run["status"] in ENDED:
                return run
            time.sleep(0.2)
        raise AssertionError(f"{resource}/{run_id}/ has not ended after {TIMEOUT} s")

    def aggregated(self, run_id: int) -> dict[str, Any]:
        """Wait for an aggregation run that ends with SUCCESS, and return its result."""
        run = self.ended(run_id, "aggregation_runs")
        assert run["status"] == "SUCCESS", (run["failure_message"], run["traceback"])
        result: dict[str, Any] = self.get(f"aggregation_results/{run['aggregation_result']}/")
        return result

    def succeeded(self, run_id: int) -> dict[str, Any]:
        """Wait for a meter run that ends with SUCCESS, and return it."""
        run = self.ended(run_id)
        assert run["status"] == "SUCCESS", run["failure_message"]
        return run

    def derivatives(self, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The derivatives of a run by interpretation."""
        found = self.get("derivatives/", meter_result=run["meter_result"])
        return {derivative["interpretation"]: derivative for derivative in found}

    def check(self, method: str, url: str, response: requests.Response) -> None:
        """Validate a response against the document: its path, method, status, content type and schema."""
        assert response.headers["X-Request-Id"]
        path = url.removeprefix(self.url).partition("?")[0].rstrip("/")
        operation = self._operation("GET" if method == "HEAD" else method, path)
        if operation is None:  # OPTIONS, another method, or another path
            assert response.status_code in (204, 403, 404, 405), (method, path, response.status_code)
            return
        documented = operation["responses"].get(str(response.status_code))
        assert documented is not None, f"{method} {path}: undocumented status {response.status_code}: {response.text}"
        if "$ref" in documented:
            documented = self._referenced(documented["$ref"])
        content = documented.get("content", {})
        if not response.content:
            assert method == "HEAD" or not content
            return
        kind = response.headers["Content-Type"].partition(";")[0]
        matching = [media for range, media in content.items() if fnmatch(kind, range.partition(";")[0])]
        assert matching, (method, path, kind)
        if kind.endswith("json"):
            schema = {**matching[0]["schema"], "components": self.document["components"]}
            Draft202012Validator(schema).validate(response.json())

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        candidates = sorted(self.document["paths"], key=lambda template: "{" in template)
        for template in candidates:
            wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
            matches = len(wanted) == len(given) and all(
                part == value or part.startswith("{") for part, value in zip(wanted, given, strict=True)
            )
            if matches:
                operation: dict[str, Any] | None = self.document["paths"][template].get(method.lower())
                return operation
        return None

    def _referenced(self, reference: str) -> dict[str, Any]:
        found: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)
