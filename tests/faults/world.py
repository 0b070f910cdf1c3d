"""The whole datastore in one process: API, workers, state machine and reconciler, on MiniStack and a moved clock."""

import io
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.parse import quote_plus

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from chalicelib import deadline
from chalicelib.files import splitting
from chalicelib.jobs import (
    advance_batch,
    advance_export,
    choose_derivatives,
    fail_aggregation,
    fan_in,
    import_upload,
    receive_upload,
    reconcile,
    run_meter,
    sum_chunk,
    wait_for_batch,
)
from chalicelib.jobs import handle_dead_letter as dead_letter_job
from chalicelib.jobs.importing import applying, meters
from chalicelib.store import idempotency, tokens
from chalicelib.store.collections import keyed, trace_series
from chalicelib.store.exports import candidates, exports, later, reading, segments
from chalicelib.store.results import newest
from chalicelib.store.runs import aggregation_runs, batch_shards, batches, expansions, heartbeat, partial_sums, queue
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.series import chunks, listings, series
from chalicelib.store.shared import bulk, documents, ordered, pages
from chalicelib.store.tables.base import LATEST_WRITE
from chalicelib.store.tables.collections import DeletedProject, DeletedTrace
from chalicelib.store.tables.exports import ExportJob
from chalicelib.store.tables.runs import (
    AggregationOutbox,
    AggregationRun,
    BatchAnnouncement,
    BatchJob,
    BatchWaiter,
    DeletedRuns,
    MeterRun,
    Outbox,
)
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import storage
from tests.faults import backend, exporting
from tests.faults.clock import Clock
from tests.faults.events import Answer, context_of, record_of, respond
from tests.faults.executions import Executions, InlineExecutor, OnceUnset, OneBeat
from tests.faults.injection import Injector, Killed
from tests.faults.models import remembered

OF_RUNS = (aggregation_runs, batch_shards, newest, partial_sums, queue)
OF_FILES = (applying, documents, later, meters, segments)
POOLED = (*OF_RUNS, *OF_FILES, bulk, chunks, keyed, ordered, pages, series, trace_series)
# What has to pass before the reconciler, the queue or a lease lets the work go on: seconds from one look to the next.
WAITS = (0, 61, 61, 180, 900, backend.VISIBILITY, LATEST_WRITE + 60, 24 * 3600 + 60, 14 * 24 * 3600)
# The tables of what is to be done, which are empty once it is.
TO_DO = (
    Outbox,
    AggregationOutbox,
    BatchAnnouncement,
    BatchJob,
    ExportJob,
    BatchWaiter,
    DeletedProject,
    DeletedTrace,
)
HOURLY = "HourlyOnly"  # a model class
CHUNK, SHARDS = 2, 2  # runs of a chunk of an asynchronous batch, and its shards
PART, PIECE = 150, 50  # bytes of a part of an uploaded file, and of what is read of it at a time
QUEUES = ("meter-runs", "meter-runs-hourly", "meter-runs-dead", "uploads")

R = TypeVar("R")


class NeverSettlesError(AssertionError):
    """Work is left although all leases have expired."""


class World:
    """One deployment, from its first second."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.injector = Injector(self.others_go_on)
        self.executions = Executions(self.clock, self._step)
        self.injector.can_fork = lambda: not self.executions.open  # each execution is a thread
        self.waited = 0  # the longest that runs took to end, in seconds, once nothing else happened
        self.prepared: dict[str, set[int]] = {}  # the runs before the scenario
        self.late: Callable[[], None] = lambda: None  # what else happens before a late call arrives
        self.listed: dict[str, Any] = {}  # the lists of chunks that warm workers have in memory
        self.announced: list[tuple[str, dict[str, Any]]] = []  # the kind and detail of each event
        self.injector.observers.append(self._see_events)
        self.raw = {name: backend.client(name) for name in ("dynamodb", "s3", "sqs", "stepfunctions")}
        self._steps: dict[str, Callable[[Any], Any]] = {
            "AdvanceBatch": advance_batch.handle,
            "AdvanceExport": advance_export.handle,
            "ImportUpload": import_upload.handle,
            "WaitForBatch": wait_for_batch.handle,
            "ChooseDerivatives": choose_derivatives.handle,
            "SumChunk": sum_chunk.handle,
            "FanIn": fan_in.handle,
            "FailAggregation": fail_aggregation.handle,
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the world in this process, in place of AWS and of the real clock."""
        from chalicelib.jobs import run_meter as job

        compute = job._compute
        with ExitStack() as stack:
            stack.enter_context(self.clock.running())
            stack.enter_context(self.executions.running())
            for module in POOLED:
                stack.enter_context(patch.object(module, "ThreadPoolExecutor", InlineExecutor))
            stack.enter_context(patch.object(heartbeat, "Thread", OneBeat))
            stack.enter_context(patch.object(heartbeat, "Event", OnceUnset))
            stack.enter_context(patch.object(job, "_compute", lambda given: self._compute(compute, given)))
            stack.enter_context(patch.object(expansions, "CHUNK", CHUNK))
            stack.enter_context(patch.object(batch_shards, "MAX_SHARDS", SHARDS))
            stack.enter_context(patch.object(advance_export, "_part", lambda: exporting.Part))
            stack.enter_context(patch.object(exports, "SEGMENT", 1))
            stack.enter_context(patch.object(exports, "PART", 1))
            stack.enter_context(patch.object(segments, "SMALLEST", 1))
            stack.enter_context(patch.object(reading, "BLOCK", 2))
            stack.enter_context(patch.object(splitting, "PART", PART))
            stack.enter_context(patch.object(splitting, "PIECE", PIECE))
            stack.enter_context(patch.object(storage, "CHUNK", PIECE))
            candidates.load.cache_clear()
            batches._known_runs.cache_clear()  # the ids of this world start again
            batches._is_being_deleted.cache_clear()
            backend.deploy(self.raw.__getitem__)
            self.injector.register()
            stack.callback(self.injector.unregister)
            self.token = tokens.create("faults", {"read", "write"})
            yield

    def _see_events(self, event_name: str, request: AWSPreparedRequest, answer: AWSResponse) -> None:
        if event_name.endswith("PutEvents") and answer.status_code == 200:
            for entry in json.loads(request.body)["Entries"]:
                self.announced.append((entry["DetailType"], json.loads(entry["Detail"])))

    # The processes

    @contextmanager
    def process(self, listed: dict[str, Any] | None = None) -> Iterator[None]:
        """A process of its own: what another one has in memory does not reach it.

        listed: the lists of chunks that it has in memory because it is warm.
        """
        held, end, others = idempotency._held, deadline._end, listings._listings
        idempotency._held, deadline._end, listings._listings = None, float("inf"), {} if listed is None else listed
        try:
            yield
        finally:
            idempotency._held, deadline._end, listings._listings = held, end, others

    def api(
        self, method: str, path: str, body: Any = None, key: str = "", token: str = "", prefer: str = ""
    ) -> Answer | None:
        """The API's response to a request; None if its process was killed."""
        try:
            with self.process(), redirect_stdout(io.StringIO()):
                return respond(method, path, body, key, token or self.token, prefer)
        except Killed:
            return None

    def asked(self, method: str, path: str, body: Any = None, *, keyed: bool = True, prefer: str = "") -> Answer:
        """A client that repeats a request, with its Idempotency-Key, until it has an answer."""
        key = uuid.uuid4().hex if keyed and method == "POST" else ""

        def repeat() -> None:
            self.api(method, path, body, key, prefer=prefer)

        late, self.late = self.late, repeat
        try:
            for _ in range(10):
                answer = self.api(method, path, body, key, prefer=prefer)
                if answer is not None and answer.status < 500 and not answer.is_in_progress:
                    return answer
                self.clock.advance(31)
        finally:
            self.late = late
        raise NeverSettlesError(f"{method} {path} has no answer after 10 tries: {answer}")

    def deliver(self) -> bool:
        """Deliver the visible messages of the queues, each to a worker; returns whether there were any."""
        delivered = False
        for name, handle in zip(
            QUEUES, (self.work, self.work, self.handle_dead_letter, self.receive_upload), strict=True
        ):
            url = f"{backend.ENDPOINT}/000000000000/{backend.STACK}-{name}"
            self._queue = name
            while found := self.receive(url):
                delivered = True
                for message in found:
                    if handle(message, url):
                        with suppress(ClientError):  # another worker has deleted it
                            self.raw["sqs"].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return delivered

    def receive(self, url: str) -> list[dict[str, Any]]:
        """Take visible messages from a queue."""
        asked = {"MaxNumberOfMessages": 10, "AttributeNames": ["ApproximateReceiveCount"]}
        found: list[dict[str, Any]] = self.raw["sqs"].receive_message(QueueUrl=url, **asked).get("Messages", [])
        return found

    def work(self, message: dict[str, Any], url: str) -> bool:
        """Let a worker handle a message; returns whether it may be deleted."""
        try:
            with self.process(self.listed), redirect_stdout(io.StringIO()):
                failures = run_meter.handle({"Records": [record_of(message, url)]}, context_of(900))[
                    "batchItemFailures"
                ]
        except Killed:
            return False
        return not failures

    def handle_dead_letter(self, message: dict[str, Any], url: str) -> bool:
        """Let the dead-letter handler handle a message; returns whether it may be deleted."""
        try:
            with self.process(), redirect_stdout(io.StringIO()):
                dead_letter_job.handle({"Records": [record_of(message, url)]})
        except (Killed, Exception):
            return False
        return True

    def receive_upload(self, message: dict[str, Any], url: str) -> bool:
        """Let the function that starts imports handle a message; returns whether it may be deleted."""
        try:
            with self.process(), redirect_stdout(io.StringIO()):
                return not receive_upload.handle({"Records": [record_of(message, url)]})["batchItemFailures"]
        except Killed:
            return False

    def send_file(self, key: str, content: bytes) -> None:
        """Store a file as a client does that has a URL for it; S3 then sends a message."""
        self.raw["s3"].put_object(Bucket=backend.STACK, Key=key, Body=content)
        said = json.dumps({"Records": [{"s3": {"object": {"key": quote_plus(key)}}}]})
        url = f"{backend.ENDPOINT}/000000000000/{backend.STACK}-uploads"
        self.raw["sqs"].send_message(QueueUrl=url, MessageBody=said)

    def reconcile(self) -> None:
        """Let the reconciler look once."""
        try:
            with self.process(), redirect_stdout(io.StringIO()):
                reconcile.handle()
        except (Killed, RuntimeError):  # a part failed; the next look repeats it
            pass

    def _compute(self, compute: Callable[[dict[str, Any]], dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
        from chalicelib.metering.failure import NoHourlyModels

        if given["model_class"] == HOURLY:  # stands for a model that only the second worker has
            if self._queue == "meter-runs":
                raise NoHourlyModels("the hourly models are not installed")
            given = {**given, "model_class": None}
        return remembered(compute, given)

    def _step(self, name: str, event: Any) -> Any:
        try:
            with self.process(), redirect_stdout(io.StringIO()):
                return self._steps[name](event)
        except Killed:
            raise RuntimeError("the process of the function was killed") from None

    def operator(self, command: Callable[[], R]) -> R:
        """Let an operator repeat a command until it succeeds."""
        for _ in range(5):
            try:
                with self.process():
                    return command()
            except (Killed, Exception):
                self.clock.advance(60)
        raise NeverSettlesError("a command fails each time")

    # Time

    def quiesce(self) -> None:
        """Deliver messages and drive executions until neither is possible without waiting."""
        while self.deliver() | self.executions.drive():
            pass

    def others_go_on(self) -> None:
        """What happens while a call is under way for a long time: all leases expire, and others do what there is."""
        self.injector.active, was_active = False, self.injector.active
        for seconds in (70, 130, 1000):
            self.clock.advance(seconds)
            self.late()
            self.reconcile()
            self.quiesce()
        self.injector.active = was_active

    def settle(self) -> None:
        """Let everything end. Raises NeverSettlesError."""
        elapsed = 0
        for seconds in WAITS:
            if self.open_runs():
                self.waited = max(self.waited, elapsed + seconds)
            self.clock.advance(seconds)
            elapsed += seconds
            self.quiesce()
            self.reconcile()
            self.quiesce()
            if not (left := self.left()):
                return
        raise NeverSettlesError(f"left after all leases have expired: {left}")

    def written(self) -> dict[str, set[int]]:
        """The ids of all runs."""
        return {
            kind: {run.id for run in table.scan()}
            for kind, table in (("meter run", MeterRun), ("aggregation run", AggregationRun))
        }

    def open_runs(self) -> list[Any]:
        """The runs that have not ended."""
        was_active, self.injector.active = self.injector.active, False
        try:
            return [run for table in (MeterRun, AggregationRun) for run in table.scan() if run.status not in ENDED]
        finally:
            self.injector.active = was_active

    def left(self) -> list[str]:
        """The work that has not ended."""
        runs = self.open_runs()
        was_active, self.injector.active = self.injector.active, False
        try:
            waits = [entry for table in TO_DO for entry in table.scan()]
            unended = [run for run in AggregationRun.scan() if run.status in ENDED and run.open_shard is not None]
            deleted = [entry for entry in DeletedRuns.scan() if not entry.is_clean]
            uploads = [upload for upload in Upload.scan() if upload.open_shard is not None]
            found = [
                f"{type(item).__name__} {item.attribute_values}"
                for item in (*runs, *waits, *unended, *deleted, *uploads)
            ]
        finally:
            self.injector.active = was_active
        for name in QUEUES:
            url = f"{backend.ENDPOINT}/000000000000/{backend.STACK}-{name}"
            wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            counts = self.raw["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
            found += [f"{name}: {counts}"] if any(int(counts[key]) for key in wanted) else []
        return found + (["an execution"] if self.executions.open else [])
