"""Exports, and what tracks them until they have ended."""

from pynamodb.attributes import JSONAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.store.tables.attributes import CompressedAttribute, IntegerAttribute
from chalicelib.store.tables.base import Table, TableName, now
from chalicelib.store.tables.jobs import Job


class Export(Table):
    """A table that is written to S3, segment by segment: PENDING, then RUNNING, then SUCCESS or FAILED."""

    class Meta:
        table_name = TableName("exports")

    id = IntegerAttribute(hash_key=True)
    kind = UnicodeAttribute()  # see store.exports.columns
    format = UnicodeAttribute()  # csv or parquet
    filters = JSONAttribute(default=dict)
    group_filter = JSONAttribute(null=True)  # the specification of the group in `filters`, as it was then
    status = UnicodeAttribute(default="PENDING")
    failure_message = UnicodeAttribute(null=True)
    document = UnicodeAttribute()  # names what it writes to S3 until it has ended
    rows = IntegerAttribute(default=0)
    size = IntegerAttribute(default=0)  # bytes
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)

    candidates = UnicodeAttribute(null=True)  # S3 key of the ids of what may be exported; null until they are chosen
    chosen = IntegerAttribute(null=True)  # epoch seconds when choosing them began
    total = IntegerAttribute(default=0)  # of the candidates
    cursor = IntegerAttribute(default=0)  # how many of them are done
    segments = CompressedAttribute(default=list)  # for each, the fields of store.exports.segments.Segment
    version = IntegerAttribute(default=0)  # how often a step has changed it


class ExportJob(Job):
    """An export that has not ended."""

    class Meta:
        table_name = TableName("export_jobs")

    export = IntegerAttribute(hash_key=True)
