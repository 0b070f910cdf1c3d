"""The indexes that several tables have. They hold little more than keys, so that few changes rewrite their entries."""

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

from chalicelib.store.tables.attributes import IntegerAttribute


class ProjectIndex(GlobalSecondaryIndex[Any]):
    """The ids of a project's items, in order."""

    class Meta:
        index_name = "by-project"
        projection = KeysOnlyProjection()

    project = IntegerAttribute(hash_key=True)
    id = IntegerAttribute(range_key=True)


class TraceIndex(GlobalSecondaryIndex[Any]):
    """The ids of a trace's items, in order."""

    class Meta:
        index_name = "by-trace"
        projection = KeysOnlyProjection()

    trace = IntegerAttribute(hash_key=True)
    id = IntegerAttribute(range_key=True)


class StatusIndex(GlobalSecondaryIndex[Any]):
    """The ids of the meter runs with a status, in order, in the partitions of `store.runs.statuses`."""

    class Meta:
        index_name = "by-status"
        projection = IncludeProjection(["due", "failure_reason"])

    status_partition = UnicodeAttribute(hash_key=True)
    id = IntegerAttribute(range_key=True)
    due = IntegerAttribute(null=True)
    failure_reason = UnicodeAttribute(null=True)


class NewestIndex(GlobalSecondaryIndex[Any]):
    """The newest runs of all traces, in the order of the runs, in the partitions of `store.results.newest`."""

    class Meta:
        index_name = "by-run"
        projection = KeysOnlyProjection()

    run_partition = UnicodeAttribute(hash_key=True)
    meter_run = IntegerAttribute(range_key=True)


class DueIndex(GlobalSecondaryIndex[Any]):
    """Aggregation runs whose end has not been announced, by their next check; sharded, since each passes through."""

    SHARDS = 8

    class Meta:
        index_name = "due-index"
        projection = KeysOnlyProjection()

    open_shard = IntegerAttribute(hash_key=True)
    due = IntegerAttribute(range_key=True)
