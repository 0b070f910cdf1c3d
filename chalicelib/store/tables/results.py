"""The results of runs that succeeded."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.reporting_window import FIRST_YEAR
from chalicelib.store.tables.attributes import IdsAttribute, IntegerAttribute, ResultAttribute
from chalicelib.store.tables.base import Table, TableName, now
from chalicelib.store.tables.indexes import NewestIndex
from chalicelib.vocabulary import FIRST_UNCERTAINTY_METHOD


class MeterResult(Table):
    """The result of a successful meter run, with its derivatives. Its id is that of the run.

    The details are those attributes that an older item has as attributes of its own; it has its derivatives as items of
    another table.
    """

    DETAILS = ("model_kwargs", "formatter_kwargs", "models", "reporting_window")

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
    model_kwargs = JSONAttribute(null=True)
    formatter_class = UnicodeAttribute()
    formatter_kwargs = JSONAttribute(null=True)
    weather_station = UnicodeAttribute(null=True)
    weather_normal_station = UnicodeAttribute(null=True)
    models = JSONAttribute(null=True)
    uncertainty = UnicodeAttribute(default=FIRST_UNCERTAINTY_METHOD)  # older items have none
    reporting_window = JSONAttribute(default=FIRST_YEAR)  # older items have none
    trace_interpretation = UnicodeAttribute(null=True)  # of the derivatives
    details = ResultAttribute(null=True)
    derivatives = ResultAttribute(null=True)  # for each, its values of Derivative.OWN
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)


class Derivative(Table):
    """One quantity of a meter result, for the baseline and reporting side; half-widths are of the 95% interval.

    Only older derivatives are items of this table; the others are stored in their result.
    """

    OWN = (  # attributes that a derivative does not share with its result
        "interpretation",
        "unit",
        *(f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "lower", "upper", "n")),
        "uncertainty",
        "systematic_error",
        "spread",
    )

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
    spread = JSONAttribute(null=True)  # SPREAD_NUMBERS in a single attribute, since many items are read at once
    eemeter_version = UnicodeAttribute()
    added = UTCDateTimeAttribute(default_for_new=now)
    updated = UTCDateTimeAttribute(default_for_new=now)


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
    derivatives = IdsAttribute(null=True)  # null if there are more than 50,000; the output lists them all
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
    """The newest successful meter run of a trace and project. Some older items are of any project (ANY_PROJECT)."""

    ANY_PROJECT = 0

    class Meta:
        table_name = TableName("newest_runs")

    trace = IntegerAttribute(hash_key=True)
    project = IntegerAttribute(range_key=True)
    meter_run = IntegerAttribute()
    run_partition = UnicodeAttribute(null=True)  # see store.results.newest; older items of ANY_PROJECT have none
    version = UnicodeAttribute(null=True)  # changes when an older run succeeds, or takes the place of a deleted one

    run_index = NewestIndex()
