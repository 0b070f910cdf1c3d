"""Tokens and scopes: what needs which, and what needs none."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.stack.client import Api
from tests.stack.names import unique
from tests.stack.operations import CHECK, GUARDED, with_id


class TestTokens:
    @pytest.mark.parametrize(("method", "path"), GUARDED)
    def test_all_endpoints_except_the_open_ones_need_a_token(self, api: Api, method: str, path: str) -> None:
        api.refused(method, with_id(path, 1), 401, headers={"Authorization": None}, json={})

    @pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Bearer ", "wrong", "Basic {}", "{}", "Bearer {}x"])
    def test_an_unknown_token_is_refused(self, api: Api, header: str) -> None:
        api.refused("GET", "projects/", 401, headers={"Authorization": header.format(api.token)})

    def test_an_expired_token_is_refused(self, client: Callable[..., Api]) -> None:
        now = datetime.now(UTC)
        client("read", expires=now - timedelta(seconds=1)).refused("GET", "projects/", 401)
        client("read", expires=now + timedelta(minutes=5)).get("projects/", limit=1)

    def test_only_the_hash_of_a_token_is_stored(self, client: Callable[..., Api], aws: Callable[[str], Any]) -> None:
        secret = client("read").token
        dynamodb = aws("dynamodb")
        (table,) = [name for name in dynamodb.list_tables()["TableNames"] if "token" in name.lower()]
        rows = [row for page in dynamodb.get_paginator("scan").paginate(TableName=table) for row in page["Items"]]
        assert len(rows) >= 2
        assert secret not in str(rows)
        assert secret.removeprefix("eem_") not in str(rows)

    @pytest.mark.parametrize(("method", "path"), GUARDED)
    def test_reads_need_the_scope_read_and_everything_else_write(
        self, client: Callable[..., Api], existing: dict[str, int], method: str, path: str
    ) -> None:
        changes_nothing = method == "GET" or path == CHECK
        needed, other = ("read", "write") if changes_nothing else ("write", "read")
        path = with_id(path, existing.get(path.partition("/")[0], 1))
        problem = client(other, "admin").refused(method, path, 403, json={"unknown": 1})
        assert needed in problem["detail"]
        assert client(needed).call(method, path, json={}).status_code not in (401, 403)

    def test_the_scope_admin_gives_no_access_to_resources(self, client: Callable[..., Api]) -> None:
        admin = client("admin")
        admin.refused("GET", "projects/", 403)
        admin.refused("POST", "projects/", 403, json={"project_id": unique()})

    @pytest.mark.parametrize(
        "path", ["healthz/", "healthz", "openapi.json", "docs/", "docs", "docs/swagger-ui.min.css"]
    )
    def test_open_endpoints_need_no_token(self, api: Api, path: str) -> None:
        assert api.call("GET", path, headers={"Authorization": None}).status_code == 200


def test_the_docs_page_refers_to_no_third_party(api: Api) -> None:
    response = requests.get(api.url + "docs/")
    assert response.headers["Content-Type"].startswith("text/html")
    assert not re.findall(r"(?:https?:)?//[\w-]+\.\w+|@import|integrity=", response.text)
    files = set(re.findall(r"[\w.-]+\.(?:js|css)\b", response.text))
    assert len(files) == 2
    for file in files:
        served = requests.get(f"{api.url}docs/{file}")
        assert served.headers["Content-Type"].startswith("text/javascript" if file.endswith("js") else "text/css")
        assert len(served.text) > 100_000
        assert not re.findall(r"url\(['\"]?(?:https?:)?//", served.text)
    api.refused("GET", "docs/nothing.js", 404)
