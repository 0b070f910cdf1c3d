"""MiniStack in this process: AWS clients call it directly, and a botocore event sees each of their calls.

Without a network or a second process, the calls of a scenario are made in the same order each time, and take 0.4 ms.
"""

import io
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import yaml
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.settings import settings
from chalicelib.store import events
from chalicelib.store.runs import queue, state_machine
from chalicelib.store.shared import documents
from chalicelib.store.tables import base
from infra.local.server import credentials
from infra.sources import REPOSITORY

ENDPOINT = "http://127.0.0.1:4566"
STACK = "faults"
VISIBILITY = 1020  # seconds; the template's QueueVisibility
UPLOAD_VISIBILITY = 360  # seconds; that of the queue of uploads
TRIES = 20  # the template's QueueTries
TEMPLATE = REPOSITORY / "infra" / "template"
# The definition and the steps of each state machine, by its name.
MACHINES = {
    STACK: ("aggregation.asl.yaml", ("WaitForBatch", "ChooseDerivatives", "SumChunk", "FanIn", "FailAggregation")),
    f"{STACK}-batches": ("batches.asl.yaml", ("AdvanceBatch",)),
    f"{STACK}-exports": ("exports.asl.yaml", ("AdvanceExport",)),
    f"{STACK}-imports": ("imports.asl.yaml", ("ImportUpload",)),
}

Send = Callable[[AWSPreparedRequest], AWSResponse]


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        while part := self.read(65536):
            yield part


def send(request: AWSPreparedRequest) -> AWSResponse:
    """MiniStack's response to a request."""
    from ministack import app as ministack

    url = urlsplit(request.url)
    body = request.body or b""
    body = body.read() if hasattr(body, "read") else body.encode() if isinstance(body, str) else body
    headers = {name.lower().encode(): _bytes(value) for name, value in request.headers.items()}
    headers.setdefault(b"host", url.netloc.encode())
    scope = {
        "type": "http",
        "method": request.method,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "headers": list(headers.items()),
        "scheme": "http",
        "client": ("127.0.0.1", 1),
    }
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def respond(message: dict[str, Any]) -> None:
        start.update(message if message["type"] == "http.response.start" else {})
        parts.append(message.get("body", b""))

    call = ministack.app(scope, receive, respond)
    try:
        call.send(None)  # nothing in it waits
    except StopIteration:
        pass
    else:
        raise RuntimeError(f"MiniStack waits during {request.method} {request.url}")
    return response(
        start["status"], b"".join(parts), {name.decode(): value.decode() for name, value in start["headers"]}
    )


def response(status: int, body: bytes, headers: dict[str, str] | None = None) -> AWSResponse:
    """A response as botocore's HTTP session returns it."""
    return AWSResponse(ENDPOINT, status, headers or {}, _Raw(body))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def clients() -> list[Any]:
    """The AWS clients of the code under test."""
    return [base.connection().client, documents.client(), queue._client(), state_machine._client(), events._client()]


@contextmanager
def environment() -> Iterator[None]:
    """The environment variables of a function of the stack."""
    before = dict(os.environ)
    queue_url = f"{ENDPOINT}/000000000000/{STACK}-meter-runs"
    os.environ.update(
        credentials(ENDPOINT)
        | {
            "TABLE_PREFIX": STACK,
            "BUCKET": STACK,
            "METER_QUEUE_URL": queue_url,
            "HOURLY_QUEUE_URL": f"{queue_url}-hourly",
            "STATE_MACHINE_ARN": f"arn:aws:states:us-east-1:000000000000:stateMachine:{STACK}",
            "BATCH_STATE_MACHINE_ARN": f"arn:aws:states:us-east-1:000000000000:stateMachine:{STACK}-batches",
            "EXPORT_STATE_MACHINE_ARN": f"arn:aws:states:us-east-1:000000000000:stateMachine:{STACK}-exports",
            "IMPORT_STATE_MACHINE_ARN": f"arn:aws:states:us-east-1:000000000000:stateMachine:{STACK}-imports",
            "CORS_ORIGINS": "",
            "CHECK_FUNCTION": "",
            "WORKER_TIMEOUT": "900",
            "MAX_ATTEMPTS": "3",
            "RETRY_DELAY": "60",
            "WEATHER_SOURCE": "none",
            "WEATHER_URL": "",
            "NORMAL_SOURCE": "none",
            "NORMAL_URL": "",
            "MODEL_MODULE": "",
            "ACCELERATE": "on",
            "POWERTOOLS_LOG_LEVEL": "CRITICAL",
            "POWERTOOLS_METRICS_DISABLED": "true",
        }
    )
    logging.disable(logging.ERROR)  # each fault is logged, and so is each call by MiniStack
    _forget()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        os.environ.clear()
        os.environ.update(before)
        _forget()


def _forget() -> None:
    """Forget the settings and clients of another stack, such as that of other tests in this process."""
    for cached in (settings, base.connection, documents.client, queue._client, state_machine._client, events._client):
        cached.cache_clear()
    tables = base.Table.__subclasses__()
    while tables:
        table = tables.pop()
        table._connection = None
        tables += table.__subclasses__()


def deploy(client: Callable[[str], Any]) -> None:
    """Create the tables, the bucket, the queues and the state machines of the template."""
    from ministack import app as ministack

    ministack._reset_all_state()
    for table in _template("tables.yaml")["Resources"].values():
        client("dynamodb").create_table(**_table(table["Properties"]))
    client("s3").create_bucket(Bucket=STACK)
    for name, dead, visibility in (
        ("meter-runs", "meter-runs-dead", VISIBILITY),
        ("meter-runs-hourly", "meter-runs-dead", VISIBILITY),
        ("uploads", "uploads-dead", UPLOAD_VISIBILITY),
    ):
        client("sqs").create_queue(QueueName=f"{STACK}-{dead}")
        target = f"arn:aws:sqs:us-east-1:000000000000:{STACK}-{dead}"
        redrive = f'{{"deadLetterTargetArn": "{target}", "maxReceiveCount": {TRIES}}}'
        attributes = {"VisibilityTimeout": str(visibility), "RedrivePolicy": redrive}
        client("sqs").create_queue(QueueName=f"{STACK}-{name}", Attributes=attributes)
    for name, (file, steps) in MACHINES.items():
        definition = (TEMPLATE / file).read_text()
        for step in steps:
            definition = definition.replace(f"${{{step}}}", f"arn:aws:lambda:us-east-1:000000000000:function:{step}")
        definition = definition.replace("${InvokeAndWait}", "arn:aws:states:::lambda:invoke.waitForTaskToken")
        client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(yaml.safe_load(definition)), roleArn="arn:aws:iam::000000000000:role/any"
        )


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    name = re.sub(r"^.*-", f"{STACK}-", properties["TableName"])
    return {"TableName": name, **{key: properties[key] for key in wanted if key in properties}}


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short functions as their arguments."""


_Loader.add_multi_constructor("!", lambda loader, _, node: getattr(node, "value", None))


def _template(name: str) -> Any:
    return yaml.load((TEMPLATE / Path(name)).read_text(), _Loader)


def client(service: str) -> Any:
    """A client of MiniStack whose calls no fault affects."""
    made = boto3.client(service, endpoint_url=ENDPOINT)
    made.meta.events.register("before-send.*", lambda request, **_: send(request))
    return made
