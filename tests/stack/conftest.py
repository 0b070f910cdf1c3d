"""One local stack for all stack tests, and the fixtures to access it."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import boto3
import pytest

from benchmarks.shared import synthetic
from chalicelib.settings import settings
from chalicelib.store import tokens
from infra.deployment.environment import function_environment
from infra.local import portfolio
from infra.local.deploy import environment
from infra.local.stack import LocalStack, Running
from tests.stack.aggregations import Metered, meter
from tests.stack.client import Api
from tests.stack.meter_runs import Runs, bare_trace, bulk, writable
from tests.stack.names import unique
from tests.stack.projects import Project, make_project

SAMPLE = "il-gas-hdd-only-billing_monthly"  # its models are fitted in a third of a second
ITEMS_PER_POST = 10_000


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack on a free port, in its own directory.

    Its functions can only do what their roles allow, and its state machine retries after a fifth of the usual time.
    """
    settings = {"AUTH": "true", "SFN_WAIT_SCALE": "0.2"}
    with LocalStack(tmp_path_factory.mktemp("stack"), settings=settings) as running:
        yield running


@pytest.fixture(scope="session")
def api(stack: Running) -> Api:
    """A client with all scopes."""
    return Api(stack.url, stack.token)


@pytest.fixture(scope="session")
def aws(stack: Running) -> Callable[[str], Any]:
    """AWS clients of the stack, by service."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=stack.region)
    return lambda service: session.client(service, endpoint_url=stack.endpoint_url)


@pytest.fixture(scope="session")
def store(stack: Running) -> Iterator[None]:
    """Makes chalicelib.store in this process use the stack."""
    before = dict(os.environ)
    os.environ |= environment(stack.endpoint_url)
    os.environ |= function_environment(stack.stack)
    yield
    os.environ.clear()
    os.environ |= before


@pytest.fixture(scope="session")
def derivative(store: None) -> int:
    """The id of a simulated derivative of electricity."""
    return synthetic.write(1, 1).derivatives[0].id


@pytest.fixture(scope="session")
def reconcile(stack: Running, aws: Callable[[str], Any]) -> Callable[[], None]:
    """Runs the reconciler now, as its schedule does every minute."""
    functions = [one["FunctionName"] for one in aws("lambda").list_functions()["Functions"]]
    (name,) = [function for function in functions if "Reconciler" in function]

    event = {
        "version": "0",
        "id": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "0",
        "time": "2020-01-01T00:00:00Z",
        "region": stack.region,
        "resources": [],
        "detail": {},
    }

    def invoke() -> None:
        response = aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        assert "FunctionError" not in response, response["Payload"].read()

    return invoke


@pytest.fixture
def unscheduled_reconciler(reconcile: Callable[[], None], aws: Callable[[str], Any]) -> Iterator[Callable[[], None]]:
    """The reconciler, with its schedule disabled during the test."""
    events = aws("events")
    (rule,) = [one["Name"] for one in events.list_rules()["Rules"] if "Reconciler" in one["Name"]]
    events.disable_rule(Name=rule)
    yield reconcile
    events.enable_rule(Name=rule)


@pytest.fixture
def no_worker(aws: Callable[[str], Any], store: None) -> Iterator[None]:
    """Disconnects the stack's own worker from the queue during the test."""
    functions = aws("lambda")
    arn = aws("sqs").get_queue_attributes(QueueUrl=settings().meter_queue_url, AttributeNames=["QueueArn"])
    (source,) = functions.list_event_source_mappings(EventSourceArn=arn["Attributes"]["QueueArn"])[
        "EventSourceMappings"
    ]
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    yield
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=True)


@pytest.fixture(scope="session")
def weather(api: Api) -> None:
    """The sample station's temperatures."""
    records = portfolio.weather_records()
    for first in range(0, len(records), ITEMS_PER_POST):
        api.post("weather_records/", records[first : first + ITEMS_PER_POST])


@pytest.fixture(scope="session")
def make_trace(api: Api, weather: None) -> Callable[..., int]:
    """Posts a sample meter under unique names and returns the id of its trace. Keywords change its project."""

    def make(name: str = SAMPLE, **changes: Any) -> int:
        project, trace, records = portfolio.sample_meter(name)
        new = unique()
        project_id = api.post("projects/", {**project, "project_id": new, **changes})["id"]
        trace_id = int(api.post("traces/", {**trace, "trace_id": new, "projects": [project_id]})["id"])
        rows = [{"trace": trace_id, **record} for record in records]
        for first in range(0, len(rows), ITEMS_PER_POST):
            api.post("trace_records/", rows[first : first + ITEMS_PER_POST])
        return trace_id

    return make


@pytest.fixture(scope="session")
def trace(make_trace: Callable[..., int]) -> int:
    """A trace whose runs succeed: monthly gas bills."""
    return make_trace()


@pytest.fixture
def client(api: Api, store: None) -> Callable[..., Api]:
    """Creates clients whose tokens have the given scopes."""

    def make(*scopes: str, expires: datetime | None = None) -> Api:
        return Api(api.url, tokens.create(f"test {unique()}", set(scopes), expires), api.document)

    return make


@pytest.fixture
def existing(api: Api, derivative: int) -> dict[str, int]:
    """The ids of a project, a trace of it, and a derivative of electricity, by the name of the resource."""
    project = make_project(api)
    body = {"trace_id": unique(), "interpretation": "E_C_S", "unit": "kWh", "projects": [project]}
    return {"projects": project, "traces": api.post("traces/", body)["id"], "derivatives": derivative}


@pytest.fixture
def project(api: Api) -> Project:
    """Creates a project and returns its id."""
    return lambda: make_project(api)


@pytest.fixture(scope="session")
def gas(api: Api, make_trace: Callable[..., int]) -> list[Metered]:
    """Two gas meters."""
    return [meter(api, make_trace()) for _ in range(2)]


@pytest.fixture(scope="session")
def electricity(api: Api, make_trace: Callable[..., int]) -> Metered:
    """An electricity meter."""
    return meter(api, make_trace("il-electricity-cdd-only-billing_monthly"))


@pytest.fixture(scope="session")
def two_methods(store: None) -> list[int]:
    """Projects with simulated derivatives: two have intervals by regression and one by CalTRACK."""
    one, other = synthetic.write(1, 2), synthetic.write(1, 1, uncertainty="caltrack")
    return one.projects + other.projects


@pytest.fixture(scope="session")
def runs(api: Api, make_trace: Callable[..., int]) -> Runs:
    """The runs of a bulk request, which have ended."""
    trace = make_trace()
    project = api.get(f"traces/{trace}/")["projects"][0]
    other = api.post("projects/", {**writable(api.get(f"projects/{project}/")), "project_id": unique()})["id"]
    targets = {"trace": trace}, {"trace": trace, "project": other}, {"trace": bare_trace(api, project)}
    batch, (first, second, third) = bulk(api, *targets)
    return Runs(batch, api.succeeded(first), api.succeeded(second), api.ended(third))
