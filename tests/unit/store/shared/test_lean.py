"""Lean reads return what models have, whatever DynamoDB leaves for later."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.deadline import DeadlineExceededError, within
from chalicelib.store.shared import lean
from chalicelib.store.shared.errors import Busy
from chalicelib.store.tables import base
from chalicelib.store.tables.collections import Link, Trace
from chalicelib.store.tables.results import MeterResult, NewestRun


class Client:
    """Answers with these pages, one per call, and keeps the calls."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.pages: Iterator[dict[str, Any]] = iter(())

    def answer(self, **given: Any) -> dict[str, Any]:
        self.calls.append(given)
        return next(self.pages)

    batch_get_item = query = scan = answer


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    found = Client()
    monkeypatch.setattr(lean, "connection", lambda: SimpleNamespace(client=found))
    monkeypatch.setattr(base, "settings", lambda: SimpleNamespace(table_prefix="test"))
    monkeypatch.setattr(lean, "attempts", lambda count, first: range(count))
    return found


def test_attributes_have_the_values_and_defaults_of_the_model(client: Client) -> None:
    stored = MeterResult(id=3, trace=7, uncertainty=None, derivatives=[["x", 1.5]]).serialize(null_check=False)
    client.pages = iter([{"Responses": {"test-meter_results": [stored, {"id": {"N": "4"}, "trace": {"NULL": True}}]}}])
    names = ("id", "trace", "derivatives", "uncertainty")
    full, empty = lean.batch_get(MeterResult, [3, 4], names)
    assert vars(full) == {"id": 3, "trace": 7, "derivatives": [["x", 1.5]], "uncertainty": "guideline14"}
    assert vars(empty) == {"id": 4, "trace": None, "derivatives": None, "uncertainty": "guideline14"}
    (asked,) = client.calls
    assert asked["RequestItems"]["test-meter_results"]["Keys"] == [{"id": {"N": "3"}}, {"id": {"N": "4"}}]
    assert asked["RequestItems"]["test-meter_results"]["ConsistentRead"] is True


def test_unprocessed_keys_are_read_again(client: Client) -> None:
    left = {"test-newest_runs": {"Keys": [{"trace": {"N": "2"}, "project": {"N": "1"}}], "ConsistentRead": True}}
    item = {"trace": {"N": "2"}, "project": {"N": "1"}, "meter_run": {"N": "9"}}
    client.pages = iter(
        [{"Responses": {}, "UnprocessedKeys": left}, {"Responses": {"test-newest_runs": [item]}, "UnprocessedKeys": {}}]
    )
    (found,) = lean.batch_get(NewestRun, [(2, 1)], ("trace", "project", "meter_run"))
    assert vars(found) == {"trace": 2, "project": 1, "meter_run": 9}
    assert client.calls[1] == {"RequestItems": left}
    client.pages = iter([{"Responses": {}, "UnprocessedKeys": left}] * lean.ATTEMPTS)
    with pytest.raises(Busy, match="newest_runs"):
        list(lean.batch_get(NewestRun, [(2, 1)], ("trace",)))


def test_more_keys_than_a_request_takes_are_read_in_several(client: Client) -> None:
    client.pages = iter([{"Responses": {}}] * 3)
    assert list(lean.batch_get(Trace, range(1, 202), ("id",))) == []
    assert [len(call["RequestItems"]["test-traces"]["Keys"]) for call in client.calls] == [100, 100, 1]


def test_a_query_goes_on_to_the_last_page_or_to_its_limit(client: Client) -> None:
    def page(*traces: int, last: bool) -> dict[str, Any]:
        items = [{"trace": {"N": str(trace)}} for trace in traces]
        return {"Items": items, **({} if last else {"LastEvaluatedKey": {"trace": {"N": str(traces[-1])}}})}

    client.pages = iter([page(5, 6, last=False), page(7, last=True)])
    assert [link.trace for link in lean.query(Link, 1, ("trace",), after=4)] == [5, 6, 7]
    assert client.calls[0]["ExpressionAttributeValues"] == {":hash": {"N": "1"}, ":after": {"N": "4"}}
    assert client.calls[1]["ExclusiveStartKey"] == {"trace": {"N": "6"}}
    client.pages = iter([page(5, 6, last=False)])
    assert [link.trace for link in lean.query(Link, 1, ("trace",), limit=2)] == [5, 6]
    client.pages = iter([page(5, 6, last=False), page(7, last=True)])
    assert [link.trace for link in lean.scan(Link, ("trace",))] == [5, 6, 7]


def test_reading_stops_when_the_time_is_up(client: Client) -> None:
    with within(0.0):
        for read in (lean.scan(Link, ("trace",)), lean.query(Link, 1, ("trace",)), lean.batch_get(Trace, [1], ("id",))):
            with pytest.raises(DeadlineExceededError):
                list(read)
    assert client.calls == []
