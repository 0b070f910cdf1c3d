"""Idempotency-Keys: a repeated POST has one effect and one response."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from chalicelib.store import tokens
from chalicelib.store.tables.access import IdempotencyKey
from tests import normal_file
from tests.stack.client import Api
from tests.stack.names import ABSENT, unique
from tests.stack.operations import CHECK, CSV, GUARDED, WITHOUT_BODY, sent


def posts(existing: dict[str, int]) -> dict[str, tuple[Any, Any]]:
    """For each POST, a valid body and one that the endpoint refuses."""
    trace, derivative = existing["traces"], existing["derivatives"]
    kind = {"interpretation": "NG_C_S", "unit": "thm"}
    record = {"trace": trace, "start": "2016-01-01T00:00:00Z", "value": 1.0}
    temperature = {"station": unique()[:6].upper(), "dataset": "observed", "start": "2016-01-01T00:00:00Z", "unit": "F"}
    group = {"name": unique(), "filter_specification": {"target": "trace_id", "comparison": "==", "value": unique()}}
    periods = {"baseline_period_end": "2016-02-01T00:00:00Z", "reporting_period_start": "2016-01-01T00:00:00Z"}
    year = normal_file.text()
    return {
        "projects/": ({"project_id": unique()}, {"project_id": unique(), **periods}),
        "projects/sync/": ([{"project_id": unique()}], [{"project_id": unique(), **periods}]),
        "traces/": ({"trace_id": unique(), **kind}, {"trace_id": unique(), **kind, "projects": [ABSENT]}),
        "traces/sync/": ([{"trace_id": unique(), **kind}], [{"trace_id": unique(), **kind, "projects": [ABSENT]}]),
        "trace_records/": ([record], [{**record, "trace": ABSENT}]),
        "weather_records/": ([{**temperature, "temperature": 50.0}], [{**temperature, "temperature": None}]),
        CSV: (year.replace(normal_file.STATION.encode(), temperature["station"].encode()), year[:1000]),
        "trace_groups/": (group, {**group, "filter_specification": {}}),
        "meter_runs/": ({"trace": trace}, {"trace": ABSENT}),
        "meter_runs/bulk/": ({"targets": [{"trace": trace}]}, {"targets": [{"trace": ABSENT}]}),
        CHECK: ({"trace": trace}, {"trace": ABSENT}),
        "aggregation_runs/": ({"derivatives": [derivative]}, {"derivatives": [derivative, ABSENT]}),
        "aggregation_runs/bulk/": (
            {"targets": [{"derivatives": [derivative]}]},
            {"targets": [{"derivatives": [derivative], "trace_interpretations": ["NG_C_S"]}]},
        ),
        "uploads/": ({"kind": "projects", "name": unique()}, {"kind": "projects", "format": "espi"}),
        "exports/": ({"kind": "derivatives", "filters": {"trace": [trace]}}, {"kind": "derivatives", "format": "xlsx"}),
    }


POSTS = [path for method, path in GUARDED if method == "POST" and path != WITHOUT_BODY]


class TestIdempotencyKeys:
    @pytest.mark.parametrize("path", POSTS)
    def test_repeating_key_and_body_returns_the_first_response(
        self, api: Api, existing: dict[str, int], path: str
    ) -> None:
        body, _ = posts(existing)[path]
        request = sent(body, **{"Idempotency-Key": unique()})
        first = api.call("POST", path, **request)
        assert first.ok
        again = api.call("POST", path.rstrip("/"), **request)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert [again.headers.get(name) for name in ("Content-Type", "Location")] == [
            first.headers.get(name) for name in ("Content-Type", "Location")
        ]
        if path.startswith("meter_runs"):
            assert len(api.get("meter_runs/", trace=existing["traces"])) == (0 if path == CHECK else 1)

    @pytest.mark.parametrize("path", POSTS)
    def test_the_same_key_with_another_body_is_a_conflict(self, api: Api, existing: dict[str, int], path: str) -> None:
        headers = {"Idempotency-Key": unique()}
        assert api.call("POST", path, **sent(posts(existing)[path][0], **headers)).ok
        other = posts(existing)[path][0]
        if isinstance(other, dict) and path.startswith("meter_runs"):
            other = {**other, "model_class": "Other"}
        elif path == "aggregation_runs/":
            other = {**other, "aggregation_interpretation": "MEAN"}
        elif path == "aggregation_runs/bulk/":
            other = {"targets": other["targets"] * 2}
        elif path == "trace_records/":
            other = [{**other[0], "value": 2.0}]
        elif path == "exports/":
            other = {**other, "format": "parquet"}
        api.refused("POST", path, 409, **sent(other, **headers))
        if path == "trace_records/":
            assert [record["value"] for record in api.get(path, trace=existing["traces"])] == [1.0]
        if path.startswith("meter_runs"):
            assert len(api.get("meter_runs/", trace=existing["traces"])) == (0 if path == CHECK else 1)

    @pytest.mark.parametrize("path", POSTS)
    def test_the_key_of_a_refused_request_can_be_used_again(
        self, api: Api, existing: dict[str, int], path: str
    ) -> None:
        good, bad = posts(existing)[path]
        headers = {"Idempotency-Key": unique()}
        for body in (bad, b"unknown" if path == CSV else {"unknown": 1}):
            api.refused("POST", path, 400, **sent(body, **headers))
        assert api.call("POST", path, **sent(good, **headers)).ok

    def test_a_repeated_post_of_records_changes_nothing(self, api: Api, existing: dict[str, int]) -> None:
        record = {"trace": existing["traces"], "start": "2016-01-01T00:00:00Z", "value": 1.0}
        headers = {"Idempotency-Key": unique()}
        api.post("trace_records/", [record], 201, **headers)
        api.post("trace_records/", [{**record, "value": 2.0}])
        api.post("trace_records/", [record], 201, **headers)
        assert [one["value"] for one in api.get("trace_records/", trace=record["trace"])] == [2.0]

    def test_a_repeated_sync_changes_nothing(self, api: Api) -> None:
        project_id, headers = unique(), {"Idempotency-Key": unique()}
        items = [{"project_id": project_id, "zipcode": "60601"}]
        first = api.post("projects/sync/", items, 200, **headers)
        api.post("projects/sync/", [{"project_id": project_id, "zipcode": "94110"}], 200)
        assert api.post("projects/sync/", items, 200, **headers) == first
        assert api.get("projects/", project_id=project_id)[0]["zipcode"] == "94110"

    def test_a_key_belongs_to_one_token_and_one_request(
        self, api: Api, client: Callable[..., Api], existing: dict[str, int]
    ) -> None:
        headers = {"Idempotency-Key": unique()}
        first = api.post("projects/", {"project_id": unique()}, 201, **headers)
        other = client("write").post("projects/", {"project_id": unique()}, 201, **headers)
        assert other["id"] > first["id"]
        body = [{"project_id": unique()}]
        api.refused("POST", "projects/sync/", 409, json=body, headers=headers)  # another path is another request
        assert not api.get("projects/", project_id=body[0]["project_id"])

    @pytest.mark.usefixtures("store")
    def test_two_tokens_of_one_name_have_their_own_keys(self, api: Api) -> None:
        name, headers = unique(), {"Idempotency-Key": unique()}
        first, second = (Api(api.url, tokens.create(name, {"read", "write"}), api.document) for _ in range(2))
        created = first.post("projects/", {"project_id": unique()}, 201, **headers)
        assert second.post("projects/", {"project_id": unique()}, 201, **headers)["id"] > created["id"]

    @pytest.mark.usefixtures("store")
    def test_a_request_that_died_once_it_was_accepted_is_answered_from_what_it_created(
        self, api: Api, existing: dict[str, int]
    ) -> None:
        key, body = unique(), {"targets": [{"trace": existing["traces"]}] * 2}
        first = api.call("POST", "meter_runs/bulk/", json=body, headers={"Idempotency-Key": key})
        token = hashlib.sha256(api.token.encode()).hexdigest()
        entry = IdempotencyKey.get(hashlib.sha256(f"{token}\n{key}".encode()).hexdigest())
        entry.update(actions=[IdempotencyKey.response.remove()])  # as if it had died before its response was stored
        api.refused("POST", "meter_runs/bulk/", 409, json=body, headers={"Idempotency-Key": key})
        entry.update(actions=[IdempotencyKey.lease.set(0)])
        again = api.call("POST", "meter_runs/bulk/", json=body, headers={"Idempotency-Key": key})
        assert [[run["id"] for run in group] for group in again.json()] == [
            [run["id"] for run in group] for group in first.json()
        ]
        assert (again.status_code, again.headers["Location"]) == (201, first.headers["Location"])
        assert len(api.get("meter_runs/", trace=existing["traces"])) == 2

    @pytest.mark.parametrize("key", ["", "k" * 256])
    def test_a_key_of_invalid_length_is_refused(self, api: Api, key: str) -> None:
        api.refused("POST", "projects/", 400, json={"project_id": unique()}, headers={"Idempotency-Key": key})

    @pytest.mark.parametrize("path", ["meter_runs/", "meter_runs/bulk/"])
    def test_concurrent_requests_with_the_same_key_have_one_effect(
        self, api: Api, existing: dict[str, int], path: str
    ) -> None:
        body, _ = posts(existing)[path]
        headers = {"Idempotency-Key": unique()}

        def ask() -> requests.Response:
            return Api(api.url, api.token, api.document).call("POST", path, json=body, headers=headers)

        with ThreadPoolExecutor(8) as pool:
            responses = [asked.result() for asked in [pool.submit(ask) for _ in range(8)]]
        assert {response.status_code for response in responses} <= {201, 409}
        done = {response.content for response in responses if response.status_code == 201}
        assert len(done) == 1
        assert ask().content in done
        assert len(api.get("meter_runs/", trace=existing["traces"])) == 1
