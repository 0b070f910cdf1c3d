"""The API with a store in memory: requests pass through Chalice's local gateway, only store functions are replaced."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import AuthRequest, AuthResponse, Chalice
from chalice.local import LambdaEventConverter
from chalice.test import Client

from chalicelib import api
from chalicelib.api.http import serving
from chalicelib.store import health, idempotency
from chalicelib.store.collections import projects, trace_groups, trace_series, traces
from chalicelib.store.idempotency import Held, Stored
from chalicelib.store.results import derivatives, meter_results
from chalicelib.store.runs import batches, deletions, expansions, failed_runs, meter_runs
from chalicelib.store.runs.batches import BatchCount
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.series import series
from chalicelib.store.series.series import Column
from chalicelib.store.shared import documents, ids, signatures
from chalicelib.store.shared.errors import InProgress, Mismatch
from chalicelib.store.tables.collections import Project, Trace, TraceGroup
from chalicelib.store.tables.results import Derivative, MeterResult
from chalicelib.store.tables.runs import Batch, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS
from tests.unit.api.rows import Rows

BUCKET = "https://bucket.example.com/"


@dataclass
class Memory:
    """The data of the replaced functions."""

    projects: Rows = field(default_factory=lambda: Rows(Project, "project_id"))
    traces: Rows = field(default_factory=lambda: Rows(Trace, "trace_id"))
    runs: Rows = field(default_factory=lambda: Rows(MeterRun, "id"))
    results: Rows = field(default_factory=lambda: Rows(MeterResult, "id"))
    derivatives: Rows = field(default_factory=lambda: Rows(Derivative, "id"))
    trace_groups: Rows = field(default_factory=lambda: Rows(TraceGroup, "id"))
    series: dict[str, Column] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, tuple[str, Stored | None]] = field(default_factory=dict)
    refused_urls: dict[str, str] = field(default_factory=dict)
    cors_origins: tuple[str, ...] = ()
    accepted: dict[int, Any] = field(default_factory=dict)  # asynchronous requests by batch
    deleting: set[int] = field(default_factory=set)  # batches

    def of_projects(self, ids: Any) -> dict[int, list[Trace]]:
        rows = [row for _, row in sorted(self.traces.rows.items())]
        return {project: [row for row in rows if project in row.projects] for project in ids}

    def append_to_traces(self, columns: dict[int, Column]) -> set[int]:
        self.append_many({series.trace_prefix(trace): column for trace, column in columns.items()})
        return columns.keys() - self.traces.rows.keys()

    def read_trace(self, trace: Trace, start: int | None = None, end: int | None = None) -> Column:
        return self.read(series.trace_prefix(trace.id), start, end)

    def append_many(self, columns: dict[str, Column]) -> None:
        for prefix, column in columns.items():
            self.series.setdefault(prefix, Column()).extend(column)

    def read(self, prefix: str, start: int | None = None, end: int | None = None, *, share: bool = False) -> Column:
        return series.merged(self.series.get(prefix, Column())).between(start, end)

    def schedule_batch(self, groups: Sequence[Sequence[RunSpec]]) -> tuple[int, list[list[MeterRun]]]:
        return 1, [[self.schedule(spec, batch=1) for spec in group] for group in groups]

    def schedule(self, spec: RunSpec, posted: dict[str, Any] | None = None, batch: int | None = None) -> MeterRun:
        id = len(self.runs.rows) + 1
        key = spec.posted_input
        if posted is not None:
            key = documents.input_key(f"document-{id}")
            documents.put(key, posted)
        fields = vars(spec) | {"posted_input": key, "meter_input": key}
        run = self.runs.rows[id] = MeterRun(id=id, batch=batch, document=f"document-{id}", **fields)
        return run

    def accept(self, request: Any) -> int:
        batch = 100 + len(self.accepted)
        self.accepted[batch] = json.loads(json.dumps(request))
        return batch

    def repeated(self, batch: Batch, after: int, arguments: dict[str, Any]) -> Iterator[tuple[int, RunSpec]]:
        given = any(value is not None for value in arguments.values())
        for id, run in sorted(self.runs.rows.items()):
            if run.batch == batch.id and run.status == "FAILED":
                own = arguments if given else {name: getattr(run, name) for name in meter_runs.ARGUMENTS}
                yield id, RunSpec(run.project, run.trace, **own)

    def batches(self, ids: Iterable[int]) -> dict[int, Batch]:
        found = {id: Batch(id, 0) for id in ids if self.batch(id) is not None}
        for id in self.deleting & found.keys():
            found[id].state = batches.DELETING
        return found

    def batch(self, id: int) -> BatchCount | None:
        rows = [run for run in self.runs.rows.values() if run.batch == id]
        failed = [run.failure_reason for run in rows if run.status == "FAILED"]
        reasons = {reason: failed.count(reason) for reason in FAILURE_REASONS}
        moment = datetime(2016, 9, 29, tzinfo=UTC)
        if id in self.accepted:
            return BatchCount(id, 0, 0, 0, 0, 0, reasons, moment, moment, batches.EXPANDING)
        size = len(rows)
        return BatchCount(id, size, size - len(failed), 0, 0, len(failed), reasons, moment, moment) if size else None

    def put(self, key: str, document: Any) -> None:
        self.documents[key] = json.loads(json.dumps(document, allow_nan=False))

    def begin(self, key: str, request_hash: str) -> Held | Stored:
        if key not in self.keys:
            self.keys[key] = (request_hash, None)
            return Held(key, "owner")
        known, response = self.keys[key]
        if known != request_hash:
            raise Mismatch(key)
        if response is None:
            raise InProgress(key)
        return response

    def finish(self, key: str, response: Stored) -> None:
        self.keys[key] = (self.keys[key][0], response)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A store in memory."""
    memory = Memory()

    def replace(module: Any, **functions: Callable[..., Any]) -> None:
        for name, function in functions.items():
            monkeypatch.setattr(module, name, function)

    for module, rows in ((projects, memory.projects), (traces, memory.traces)):
        replace(
            module,
            get=rows.rows.get,
            get_many=rows.get_many,
            to_match=rows.get_many,
            create=rows.create,
            update=rows.update,
            delete=rows.delete,
            sync=rows.sync,
            page=rows.page,
        )
    replace(projects, find_many=memory.projects.find_many)
    replace(traces, find_many=memory.traces.find_many)
    replace(traces, of_projects=memory.of_projects, shown=memory.traces.rows.get)
    replace(
        trace_groups,
        get=memory.trace_groups.rows.get,
        get_many=memory.trace_groups.get_many,
        create=memory.trace_groups.create,
        update=memory.trace_groups.update,
        delete=memory.trace_groups.delete,
        page=memory.trace_groups.page,
    )
    last = {"last": lambda resource: max(getattr(memory, resource).rows, default=0)}
    replace(ids, allocated=lambda resource: range(1, last["last"](resource) + 1), **last)
    replace(trace_series, append_many=memory.append_to_traces, read=memory.read_trace)
    replace(series, append_many=memory.append_many, read=memory.read, replace=memory.series.__setitem__)
    replace(
        meter_runs,
        schedule=memory.schedule,
        schedule_batch=memory.schedule_batch,
        get=memory.runs.rows.get,
        page=memory.runs.page,
    )
    replace(deletions, delete=memory.runs.delete)
    replace(batches, get=memory.batch, find_many=memory.batches)
    replace(expansions, accept=memory.accept)
    replace(failed_runs, repeated=memory.repeated)
    replace(meter_results, get=memory.results.rows.get, page=memory.results.page)
    replace(derivatives, get=memory.derivatives.rows.get, page=memory.derivatives.page)
    replace(
        documents,
        put=memory.put,
        exists=memory.documents.__contains__,
        url=lambda key: BUCKET + key,
        key_of=lambda url: url.removeprefix(BUCKET) if url.startswith(BUCKET) else None,
    )
    replace(signatures, why_refused=lambda url, now: memory.refused_urls.get(url))
    replace(idempotency, begin=memory.begin, finish=memory.finish, abandon=lambda held: bool(memory.keys.pop(held.key)))
    replace(health, check=lambda: None)
    replace(serving, settings=lambda: SimpleNamespace(cors_origins=memory.cors_origins))
    return memory


@dataclass
class Response:
    """A response."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.json["errors"]]


class Api:
    """A client whose token has the given scopes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.scopes = "read write"

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        sent = {"Authorization": f"Bearer {self.scopes}", "Host": "api.example.com", "Content-Type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.client.http.request(method, f"/api/v1/{path}", sent, raw)
        return Response(response.status_code, response.headers, response.body.decode())


@pytest.fixture(scope="session")
def app() -> Chalice:
    """An app with every route; a token is the list of its scopes."""
    app = Chalice("test")

    @app.authorizer(name="authorize")
    def authorize(request: AuthRequest) -> AuthResponse:
        context = {"scopes": request.token.removeprefix("Bearer ")}
        return AuthResponse(routes=["*"], principal_id="someone", context=context)

    api.register(app, authorize)
    return app


@pytest.fixture
def call(app: Chalice, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A client of the API with the store in memory."""
    event_of = LambdaEventConverter.create_lambda_event

    def with_request_id(*arguments: Any, **named: Any) -> Any:
        event = event_of(*arguments, **named)
        event["requestContext"]["requestId"] = str(uuid.uuid4())  # which Chalice's local gateway leaves out
        return event

    monkeypatch.setattr(LambdaEventConverter, "create_lambda_event", with_request_id)
    with Client(app) as client:
        yield Api(client)


@pytest.fixture
def portfolio(call: Api) -> Api:
    """The reference document's setup: project 1 with traces 2 and 3, project 2 with trace 4; trace 1 is in neither."""
    for name in ("one", "two"):
        call("POST", "projects/", {"project_id": name})
    for interpretation, owners in (("E_C_S", []), ("E_C_S", [1]), ("NG_C_S", [1]), ("NG_C_S", [2])):
        unit = "kWh" if interpretation == "E_C_S" else "therm"
        number = len(call("GET", "traces/").json) + 1
        body = {"trace_id": f"trace {number}", "interpretation": interpretation, "unit": unit, "projects": owners}
        assert call("POST", "traces/", body).status == 201
    return call
