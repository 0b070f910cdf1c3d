"""Meter runs and aggregation runs, and what tracks them until they have ended."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.store.tables.attributes import CompressedAttribute, IdsAttribute, IntegerAttribute
from chalicelib.store.tables.base import Table, TableName, now
from chalicelib.store.tables.indexes import DueIndex, ProjectIndex, StatusIndex, TraceIndex
from chalicelib.store.tables.jobs import Job


class MeterRun(Table):
    """One model run of one trace of one project: PENDING, then RUNNING, then SUCCESS or FAILED."""

    class Meta:
        table_name = TableName("meter_runs")

    id = IntegerAttribute(hash_key=True)
    project = IntegerAttribute(null=True)
    trace = IntegerAttribute(null=True)
    status = UnicodeAttribute(default="PENDING")
    meter_input = UnicodeAttribute(null=True)  # S3 key; of the posted input until an attempt with its own has ended
    posted_input = UnicodeAttribute(null=True)  # S3 key of the client's own input
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
    document = UnicodeAttribute()  # names what the run writes to S3
    attempts = IntegerAttribute(default=0)
    claim = UnicodeAttribute(null=True)  # token of the worker that has claimed the run
    last_error = UnicodeAttribute(null=True)  # why the last attempt failed
    status_partition = UnicodeAttribute()  # see store.runs.statuses
    due = IntegerAttribute(null=True)  # epoch seconds when the lease expires, or an unclaimed run's message is lost

    project_index = ProjectIndex()
    trace_index = TraceIndex()
    status_index = StatusIndex()


class Outbox(Table):
    """A request whose meter runs are being written and queued. It remains only if the request was interrupted."""

    class Meta:
        table_name = TableName("outbox")

    first_run = IntegerAttribute(hash_key=True)
    size = IntegerAttribute()
    batch = IntegerAttribute(null=True)
    documents = JSONAttribute(default=list)  # the S3 keys of what it stores before it is accepted
    state = UnicodeAttribute(default_for_new="WRITING")  # then ACCEPTED, or CANCELLED by the reconciler
    due = IntegerAttribute()  # epoch seconds when the reconciler finishes or cancels the request


class AggregationOutbox(Outbox):
    """The same for a request whose aggregation runs are being written and started."""

    class Meta:
        table_name = TableName("aggregation_outbox")


class BatchCounts(Table):
    """Counts of runs that have ended or were deleted: what both tables of batches have in common."""

    success = IntegerAttribute(default=0)
    failed = IntegerAttribute(default=0)
    failed_data = IntegerAttribute(default=0)  # these five are included in `failed`; older items have none of them
    failed_sufficiency = IntegerAttribute(default=0)
    failed_weather = IntegerAttribute(default=0)
    failed_model = IntegerAttribute(default=0)
    failed_machine = IntegerAttribute(default=0)
    deleted = IntegerAttribute(default=0)  # runs that were deleted, which no other count includes
    # The number of runs: of a batch, so far; of a shard, once all runs of an asynchronous request have been made.
    size = IntegerAttribute(null=True)
    updated = UTCDateTimeAttribute()


class Batch(BatchCounts):
    """The runs of a bulk request. Its shard is 0; earlier versions stored all counts here, by shard."""

    class Meta:
        table_name = TableName("batches")

    id = IntegerAttribute(hash_key=True)
    shard = IntegerAttribute(range_key=True)
    shards = IntegerAttribute(null=True)  # their number; null if they are counted here
    first_run = IntegerAttribute(null=True)  # the first run of a batch whose ids are consecutive
    added = UTCDateTimeAttribute(null=True)
    state = UnicodeAttribute(null=True)  # see store.runs.batches; null: ACTIVE
    deleted_to = IntegerAttribute(null=True)  # while the batch is deleted: no run up to this id is left

    # Of an asynchronous request:
    request = UnicodeAttribute(null=True)  # S3 key of the targets and arguments
    cursor = JSONAttribute(null=True)  # the place in the targets up to which runs have been made
    version = IntegerAttribute(null=True)  # how often the cursor has been moved
    bounds = IdsAttribute(null=True)  # the start and the stop of each range of ids of the runs, ascending
    failure_message = UnicodeAttribute(null=True)  # why there are not all runs that were asked for


class BatchShard(BatchCounts):
    """A shard of a batch's counts. Each has a partition key of its own, which accepts 1,000 write units per second.

    Runs are spread over shards so that the transactions of workers rarely conflict.
    """

    class Meta:
        table_name = TableName("batch_shards")

    key = UnicodeAttribute(hash_key=True)  # see store.runs.batch_shards
    batch = IntegerAttribute(null=True)
    shard = IntegerAttribute(null=True)  # from 1 on


class BatchJob(Job):
    """Work on a batch that is left to do, in the steps of an execution; `kind` says which."""

    class Meta:
        table_name = TableName("batch_jobs")

    batch = IntegerAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)  # see store.runs.batch_jobs


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
    document = UnicodeAttribute()  # names what the run writes to S3, fixed so that a retry overwrites the first attempt
    last_error = UnicodeAttribute(null=True)  # why a step failed
    open_shard = IntegerAttribute(null=True)  # removed once the run's end has been announced
    due = IntegerAttribute(null=True)  # epoch seconds when the reconciler checks the execution, or announces the end

    due_index = DueIndex()


class BatchWaiter(Table):
    """An aggregation run whose execution waits for a batch of meter runs to end."""

    class Meta:
        table_name = TableName("batch_waiters")

    batch = IntegerAttribute(hash_key=True)
    aggregation_run = IntegerAttribute(range_key=True)
    task_token = UnicodeAttribute()  # resumes the execution


class BatchAnnouncement(Table):
    """A batch whose end has yet to be announced by an event."""

    class Meta:
        table_name = TableName("batch_announcements")

    batch = IntegerAttribute(hash_key=True)
    added = UTCDateTimeAttribute(default_for_new=now)
    due = IntegerAttribute()  # epoch seconds when the reconciler checks whether the batch has ended


class DeletedRuns(Table):
    """Meter runs that were deleted, until nothing can be written for them any more.

    The entry of a batch that is gone has the key (WHOLE, batch). It and the entry of a single run stay for as long as
    an Idempotency-Key may name what was deleted.
    """

    WHOLE = 0  # in place of a run
    NO_BATCH = 0  # of a run that was deleted alone, even if it belonged to a batch

    class Meta:
        table_name = TableName("deleted_runs")

    first_run = IntegerAttribute(hash_key=True)
    batch = IntegerAttribute(range_key=True)
    runs = CompressedAttribute(default=list)  # for each, the fields of store.runs.deletions.Deleted
    is_clean = BooleanAttribute(default=False)  # nothing of the runs is left, nor can arrive
    due = IntegerAttribute()  # epoch seconds when the reconciler removes what is left, or the entry itself if clean
