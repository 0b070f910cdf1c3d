"""What clients post: projects, traces and trace groups."""

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.store.tables.attributes import IntegerAttribute
from chalicelib.store.tables.base import Table, TableName, latest_write, now


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

    # The chunks of its series, which `trace_series` writes. A trace without `chunks` has none if `changes` is 0;
    # otherwise they are not known, as for older traces, which have none of these attributes.
    chunks = UnicodeSetAttribute(null=True)  # their names
    changes = IntegerAttribute(null=True, default_for_new=0)  # how often the chunks have changed
    compacted = UnicodeAttribute(null=True)  # the newest chunk that others were merged into


class Link(Table):
    """A trace belongs to a project: the inverse of `Trace.projects`, one row each, so that each is written once."""

    class Meta:
        table_name = TableName("links")

    project = IntegerAttribute(hash_key=True)
    trace = IntegerAttribute(range_key=True)


class DeletedProject(Table):
    """A project that was deleted, for as long as it has links left: its traces still name it in `Trace.projects`."""

    class Meta:
        table_name = TableName("deleted_projects")

    project = IntegerAttribute(hash_key=True)


class DeletedTrace(Table):
    """A trace that was deleted, until nothing can be added to its series any more."""

    class Meta:
        table_name = TableName("deleted_traces")

    id = IntegerAttribute(hash_key=True)
    due = IntegerAttribute(
        default_for_new=latest_write
    )  # epoch seconds when the reconciler deletes what is left of its series


class TraceGroup(Table):
    """Traces selected by attributes of themselves and of their projects, rather than one by one."""

    class Meta:
        table_name = TableName("trace_groups")

    id = IntegerAttribute(hash_key=True)
    name = UnicodeAttribute()
    filter_specification = JSONAttribute()
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)
