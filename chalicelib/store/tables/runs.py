"""The DynamoDB tables, one per resource, as infra/template/resources.yaml declares them."""

import json
import zlib
from datetime import UTC, datetime
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.connection import Connection, TableConnection
from pynamodb.constants import BINARY, NUMBER, NUMBER_SET
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.reporting_window import FIRST_YEAR
from chalicelib.settings import settings
from chalicelib.vocabulary import FIRST_UNCERTAINTY_METHOD


def now() -> datetime:
    """The current time in the form of all stored timestamps: UTC, with microseconds."""
    return datetime.now(UTC)


class TableName:
    """A table name that is resolved on access, since packaging imports this module without environment variables."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> str:
        return f"{settings().table_prefix}-{self.name}"


@cache
def connection() -> Connection:
    """The DynamoDB connection that all tables of this process share."""
    return Connection(connect_timeout_seconds=3, read_timeout_seconds=8)


class Table(Model):
    """A model that shares its DynamoDB client with all others, since creating a client takes 0.15 s of CPU time."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        own = super()._get_connection()
        own.connection._client = connection().client
        return own


class IntegerAttribute(Attribute[int]):
    """A whole number: an id or a count."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class IntegerSetAttribute(Attribute[set[int]]):
    """A set of ids."""

    attr_type = NUMBER_SET

    def serialize(self, value: set[int]) -> list[str]:
        return [str(member) for member in value]

    def deserialize(self, value: list[str]) -> set[int]:
        return {int(member) for member in value}


class IdsAttribute(Attribute[list[int]]):
    """A list of ids, stored as compressed differences, so that 100,000 of them fit in an item (at most 400 KB)."""

    attr_type = BINARY

    def serialize(self, value: list[int]) -> bytes:
        return zlib.compress(json.dumps([after - before for before, after in pairwise([0, *value])]).encode())

    def deserialize(self, value: bytes) -> list[int]:
        return list(accumulate(json.loads(zlib.decompress(value))))


class Counter(Table):
    """The last id allocated for a resource."""

    class Meta:
        table_name = TableName("counters")

    resource = UnicodeAttribute(hash_key=True)
    last = IntegerAttribute(default=0)


class UniqueKey(Table):
    """The item that owns a unique key, such as `project_id#ABC`."""

    class Meta:
        table_name = TableName("unique_keys")

    key = UnicodeAttribute(hash_key=True)
    id = IntegerAttribute()


class Token(Table):
    """A bearer token, stored only as its hash."""

    class Meta:
        table_name = TableName("tokens")

    token_hash = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    scopes = UnicodeSetAttribute()
    expires = UTCDateTimeAttribute(null=True)
    added = UTCDateTimeAttribute(default_for_new=now)


class IdempotencyKey(Table):
    """The first request with an Idempotency-Key. Its response, once known, is a document in S3."""

    class Meta:
        table_name = TableName("idempotency")

    key = UnicodeAttribute(hash_key=True)
    body_hash = UnicodeAttribute()
    response = UnicodeAttribute(null=True)  # S3 key
    lease = NumberAttribute()  # epoch seconds until which a request without a response may still be running
    expires = TTLAttribute()


class ZipcodeIndex(GlobalSecondaryIndex["Project"]):
    class Meta:
        index_name = "zipcode-index"
        projection = AllProjection()

    zipcode = UnicodeAttribute(hash_key=True)
    id = IntegerAttribute(range_key=True)


class Project(Table):
    """A building, and when its efficiency measure was installed."""

    class Meta:
        table_name = TableName("projects")

    id = IntegerAttribute(hash_key=True)
    project_id = UnicodeAttribute()
    baseline_period_start = UTCDateTimeAttribute(null=True)
    baseline_period_end = UTCDateTimeAttribute(null=True)
    reporting_period_start = UTCDateTimeAttribute(null=True)
    reporting_period_end = UTCDateTimeAttribute(null=True)
    zipcode = UnicodeAttribute(null=True)
    weather_station = UnicodeAttribute(null=True)
    weather_normal_station = UnicodeAttribute(null=True)
    timezone = UnicodeAttribute(default="UTC")
    metadata = JSONAttribute(default=dict)
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)

    zipcode_index = ZipcodeIndex()


class Trace(Table):
    """The time series of a meter; its records are in S3."""

    class Meta:
        table_name = TableName("traces")

    id = IntegerAttribute(hash_key=True)
    trace_id = UnicodeAttribute()
    interpretation = UnicodeAttribute()
    unit = UnicodeAttribute()
    unit_multiplier = NumberAttribute(default=1.0)  # converts a posted value to `unit`
    posted_unit = UnicodeAttribute(null=True)  # as the client gave it; older items have none
    heat_content = NumberAttribute(null=True)  # therms per posted unit of volume
    readings = UnicodeAttribute(null=True)
    zero_is_reading = BooleanAttribute(default=False)
    projects = JSONAttribute(default=list)
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)


class ProjectTraces(Table):
    """The traces that belong to a project: the inverse of `Trace.projects`."""

    class Meta:
        table_name = TableName("project_traces")

    project = IntegerAttribute(hash_key=True)
    traces = IntegerSetAttribute(null=True)


class ProjectIndex(GlobalSecondaryIndex[Any]):
    """The items of a project, sorted by id."""

    class Meta:
        index_name = "project-index"
        projection = AllProjection()

    project = IntegerAttribute(hash_key=True)
    id = IntegerAttribute(range_key=True)


class TraceIndex(GlobalSecondaryIndex[Any]):
    """The items of a trace, sorted by id."""

    class Meta:
        index_name = "trace-index"
        projection = AllProjection()

    trace = IntegerAttribute(hash_key=True)
    id = IntegerAttribute(range_key=True)


class DueIndex(GlobalSecondaryIndex[Any]):
    """Runs that have not ended, by the time of their next check. Sharded, since every run passes through it."""

    SHARDS = 8

    class Meta:
        index_name = "due-index"
        projection = KeysOnlyProjection()

    open_shard = IntegerAttribute(hash_key=True)
    due = IntegerAttribute(range_key=True)


class MeterRun(Table):
    """One model run of one trace of one project: PENDING, then RUNNING, then SUCCESS or FAILED."""

    class Meta:
        table_name = TableName("meter_runs")

    id = IntegerAttribute(hash_key=True)
    project = IntegerAttribute(null=True)
    trace = IntegerAttribute(null=True)
    status = UnicodeAttribute(default="PENDING")
    meter_input = UnicodeAttribute(null=True)  # S3 key
    model_class = UnicodeAttribute(null=True)
    model_kwargs = JSONAttribute(null=True)
    formatter_class = UnicodeAttribute(null=True)
    formatter_kwargs = JSONAttribute(null=True)
    uncertainty = UnicodeAttribute(null=True)
    reporting_window = JSONAttribute(null=True)
    failure_message = UnicodeAttribute(null=True)
    failure_reason = UnicodeAttribute(null=True)  # also null for older FAILED runs
    data_quality = JSONAttribute(null=True)
    traceback = UnicodeAttribute(null=True)
    meter_result = IntegerAttribute(null=True)
    batch = IntegerAttribute(null=True)
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)

    batch_shard = IntegerAttribute(null=True)
    document = UnicodeAttribute()  # names what the run writes to S3, fixed so that a second try overwrites the first
    attempts = IntegerAttribute(default=0)
    claim = UnicodeAttribute(null=True)  # token of the worker that has claimed the run
    last_error = UnicodeAttribute(null=True)  # why the last attempt failed
    open_shard = IntegerAttribute(null=True)  # removed once the run has ended
    due = IntegerAttribute(null=True)  # epoch seconds when the lease expires, or an unclaimed run's message is lost

    project_index = ProjectIndex()
    trace_index = TraceIndex()
    due_index = DueIndex()


class NewestRun(Table):
    """The newest successful meter run of a trace, for one of its projects or over all of them (ANY_PROJECT)."""

    ANY_PROJECT = 0

    class Meta:
        table_name = TableName("newest_runs")

    trace = IntegerAttribute(hash_key=True)
    project = IntegerAttribute(range_key=True)
    meter_run = IntegerAttribute()


class Outbox(Table):
    """A request whose runs are being written and queued. The entry remains only if the request was interrupted."""

    class Meta:
        table_name = TableName("outbox")

    first_run = IntegerAttribute(hash_key=True)
    size = IntegerAttribute()
    batch = IntegerAttribute(null=True)
    due = IntegerAttribute()  # epoch seconds by which the request has certainly ended


class BatchShard(Table):
    """A shard of a batch's counts. Runs are spread over shards so that the transactions of workers rarely conflict."""

    class Meta:
        table_name = TableName("batches")

    id = IntegerAttribute(hash_key=True)
    shard = IntegerAttribute(range_key=True)
    first_run = IntegerAttribute()  # the first run of the batch; the ids of its runs are consecutive
    size = IntegerAttribute()  # the number of runs in the batch
    pending = IntegerAttribute()
    running = IntegerAttribute(default=0)
    success = IntegerAttribute(default=0)
    failed = IntegerAttribute(default=0)
    failed_data = IntegerAttribute(default=0)  # these five are included in `failed`; older shards have none of them
    failed_sufficiency = IntegerAttribute(default=0)
    failed_weather = IntegerAttribute(default=0)
    failed_model = IntegerAttribute(default=0)
    failed_machine = IntegerAttribute(default=0)
    added = UTCDateTimeAttribute()
    updated = UTCDateTimeAttribute()


class MeterResult(Table):
    """The result of a successful meter run. Its id is that of the run."""

    class Meta:
        table_name = TableName("meter_results")

    id = IntegerAttribute(hash_key=True)
    trace = IntegerAttribute(null=True)
    project = IntegerAttribute(null=True)
    meter_run = IntegerAttribute()
    meter_output = UnicodeAttribute()  # S3 key
    status = UnicodeAttribute(default="SUCCESS")
    eemeter_version = UnicodeAttribute()
    datastore_version = UnicodeAttribute()
    model_class = UnicodeAttribute()
    model_kwargs = JSONAttribute()
    formatter_class = UnicodeAttribute()
    formatter_kwargs = JSONAttribute()
    weather_station = UnicodeAttribute(null=True)
    weather_normal_station = UnicodeAttribute(null=True)
    models = JSONAttribute()
    uncertainty = UnicodeAttribute(default=FIRST_UNCERTAINTY_METHOD)  # older items have none
    reporting_window = JSONAttribute(default=FIRST_YEAR)  # older items have none
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)

    project_index = ProjectIndex()
    trace_index = TraceIndex()


class Derivative(Table):
    """One quantity of a meter result, for the baseline and reporting side; half-widths are of the 95 % interval."""

    class Meta:
        table_name = TableName("derivatives")

    id = IntegerAttribute(hash_key=True)
    meter_result = IntegerAttribute()
    trace = IntegerAttribute(null=True)
    project = IntegerAttribute(null=True)
    trace_interpretation = UnicodeAttribute()
    interpretation = UnicodeAttribute()
    unit = UnicodeAttribute()
    baseline_value = NumberAttribute(null=True)
    baseline_lower = NumberAttribute(null=True)
    baseline_upper = NumberAttribute(null=True)
    baseline_n = NumberAttribute(null=True)
    reporting_value = NumberAttribute(null=True)
    reporting_lower = NumberAttribute(null=True)
    reporting_upper = NumberAttribute(null=True)
    reporting_n = NumberAttribute(null=True)
    uncertainty = UnicodeAttribute(default=FIRST_UNCERTAINTY_METHOD)  # older items have none
    systematic_error = NumberAttribute(null=True)
    spread = JSONAttribute(null=True)  # SPREAD_NUMBERS in a single attribute, since up to 50,000 items are read at once
    eemeter_version = UnicodeAttribute()
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)

    project_index = ProjectIndex()
    trace_index = TraceIndex()


class AggregationRun(Table):
    """One aggregation of derivatives: PENDING, then RUNNING, then SUCCESS or FAILED."""

    class Meta:
        table_name = TableName("aggregation_runs")

    id = IntegerAttribute(hash_key=True)
    status = UnicodeAttribute(default="PENDING")
    projects = IdsAttribute(default=list)
    traces = IdsAttribute(default=list)
    derivatives = IdsAttribute(default=list)
    group = IntegerAttribute(null=True)
    after_batch = IntegerAttribute(null=True)
    aggregation_input = UnicodeAttribute()  # S3 key
    trace_interpretation = UnicodeAttribute(null=True)  # full name; null until it is known
    derivative_interpretation = UnicodeAttribute(null=True)
    aggregation_interpretation = UnicodeAttribute()
    mix_uncertainty = BooleanAttribute(default=False)
    aggregation_result = IntegerAttribute(null=True)
    failure_message = UnicodeAttribute(null=True)
    traceback = UnicodeAttribute(null=True)
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)

    unit = UnicodeAttribute(null=True)
    eemeter_version = UnicodeAttribute(null=True)
    chunks = JSONAttribute(null=True)  # byte offsets of the input's chunks and of their end; null until chosen
    document = UnicodeAttribute()  # names what the run writes to S3, fixed so that a second try overwrites the first
    last_error = UnicodeAttribute(null=True)  # why a step failed
    open_shard = IntegerAttribute(null=True)  # removed once the run has ended
    due = IntegerAttribute(null=True)  # epoch seconds when the reconciler checks the run's execution

    due_index = DueIndex()


class AggregationResult(Table):
    """The result of a successful aggregation run. Its id is that of the run."""

    class Meta:
        table_name = TableName("aggregation_results")

    id = IntegerAttribute(hash_key=True)
    aggregation_run = IntegerAttribute()
    trace_interpretation = UnicodeAttribute()
    derivative_interpretation = UnicodeAttribute()
    aggregation_interpretation = UnicodeAttribute()
    aggregation_output = UnicodeAttribute()  # S3 key
    derivatives = IdsAttribute()
    unit = UnicodeAttribute()
    baseline_value = NumberAttribute()
    baseline_lower = NumberAttribute()
    baseline_upper = NumberAttribute()
    baseline_n = IntegerAttribute()
    reporting_value = NumberAttribute()
    reporting_lower = NumberAttribute()
    reporting_upper = NumberAttribute()
    reporting_n = IntegerAttribute()
    differential_direction = UnicodeAttribute()
    differential_value = NumberAttribute()
    differential_lower = NumberAttribute()
    differential_upper = NumberAttribute()
    differential_n = IntegerAttribute()
    uncertainty = JSONAttribute(default=lambda: [FIRST_UNCERTAINTY_METHOD])
    systematic_error = NumberAttribute(null=True)
    systematic_error_n = IntegerAttribute(default=0)
    eemeter_version = UnicodeAttribute()
    datastore_version = UnicodeAttribute()
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)


class BatchWaiter(Table):
    """An aggregation run whose execution waits for a batch of meter runs to end."""

    class Meta:
        table_name = TableName("batch_waiters")

    batch = IntegerAttribute(hash_key=True)
    aggregation_run = IntegerAttribute(range_key=True)
    task_token = UnicodeAttribute()  # resumes the execution


class TraceGroup(Table):
    """Traces selected by attributes of themselves and of their projects, rather than one by one."""

    class Meta:
        table_name = TableName("trace_groups")

    id = IntegerAttribute(hash_key=True)
    name = UnicodeAttribute()
    filter_specification = JSONAttribute()
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)
