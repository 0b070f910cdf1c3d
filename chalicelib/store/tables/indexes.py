"""The indexes that several tables have."""

from typing import Any

from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.store.tables.attributes import IntegerAttribute


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
