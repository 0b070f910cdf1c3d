"""The results of runs that succeeded."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.reporting_window import FIRST_YEAR
from chalicelib.store.tables.attributes import IdsAttribute, IntegerAttribute
from chalicelib.store.tables.base import Table, TableName, now
from chalicelib.store.tables.indexes import ProjectIndex, TraceIndex
from chalicelib.vocabulary import FIRST_UNCERTAINTY_METHOD


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
    """One quantity of a meter result, for the baseline and reporting side; half-widths are of the 95% interval."""

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


class NewestRun(Table):
    """The newest successful meter run of a trace, for one of its projects or over all of them (ANY_PROJECT)."""

    ANY_PROJECT = 0

    class Meta:
        table_name = TableName("newest_runs")

    trace = IntegerAttribute(hash_key=True)
    project = IntegerAttribute(range_key=True)
    meter_run = IntegerAttribute()
