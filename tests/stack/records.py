"""Requests for series of records."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stack.client import Api

START = datetime(2015, 1, 1, tzinfo=UTC)


def hour(n: float) -> str:
    return (START + timedelta(hours=n)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def whole(api: Api, **query: Any) -> list[dict[str, Any]]:
    path = "trace_records/" if "trace" in query else "weather_records/"
    return [record for page in api.pages(path, limit=1000, **query) for record in page]
