"""Under load, and at the API's limits, nothing is lost and nothing is wrong: benchmarks/load, for a short time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from benchmarks.load.check import losses, violated
from benchmarks.load.report import by_route
from benchmarks.load.scenario import play, prepare
from benchmarks.load.session import Session
from datastore_client import Client
from infra.local.stack import Running
from infra.verify.invariants import Violation, violations
from infra.verify.snapshot import Snapshot

SECONDS, CLIENTS, RUNS = 20, 4, 20
RATE = 4  # requests per second and route

Limited = Callable[[int], AbstractContextManager[None]]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("store", "weather")]


@pytest.fixture
def limited(stack: Running, aws: Callable[[str], Any]) -> Limited:
    """Lets the API accept so many requests per second of each route, for a while."""
    gateway, api = aws("apigateway"), stack.url.split("/")[5]
    (stage,) = gateway.get_stages(restApiId=api)["item"]
    before = stage["methodSettings"]["*/*"]

    def limit(rate: float, burst: int) -> None:
        changes = [
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)}
            for name, value in (("rateLimit", rate), ("burstLimit", burst))
        ]
        gateway.update_stage(restApiId=api, stageName=stage["stageName"], patchOperations=changes)

    @contextmanager
    def limited(rate: int) -> Iterator[None]:
        limit(rate, rate)
        try:
            yield
        finally:
            limit(before["throttlingRateLimit"], before["throttlingBurstLimit"])

    return limited


def test_clients_that_read_and_write_during_a_bulk_lose_nothing(stack: Running, limited: Limited) -> None:
    client = Client(stack.url, stack.token)
    samples = prepare(client)
    before: set[Violation] = set(violations(Snapshot.take()))  # other tests write what no request would
    with limited(RATE):
        outcome = play(stack.url, stack.token, samples, SECONDS, CLIENTS, RUNS)
    calls = [call for session in outcome.sessions for call in session.calls]
    assert not outcome.faults
    assert [call for call in calls if call.status == 429], "\n".join(by_route(calls))
    session = Session(stack.url, stack.token)
    assert not losses(session, outcome)
    assert not session.faults
    assert not violated(before)
