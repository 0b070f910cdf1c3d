"""The columns of each kind of export. Names and their order are stable: new columns are added at the end.

docs/exports.md and the Glue table in infra/template/resources.yaml list them as well; tests keep them in step.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from chalicelib.vocabulary import SPREAD_NUMBERS

Kind = Literal["savings", "meter_results", "derivatives", "aggregation_results", "trace_records"]
Type = Literal["integer", "number", "text", "boolean", "time"]


class Column(NamedTuple):
    """A column; `unit` is that of its numbers, or empty."""

    name: str
    type: Type
    unit: str
    description: str


ENERGY, PERCENT, DAYS = "`unit`", "%", "days"
SIDES = ("baseline", "reporting")
CODES = "separated by semicolons"


def _integer(name: str, description: str, unit: str = "") -> Column:
    return Column(name, "integer", unit, description)


def _number(name: str, description: str, unit: str = "") -> Column:
    return Column(name, "number", unit, description)


def _text(name: str, description: str) -> Column:
    return Column(name, "text", "", description)


def _time(name: str, description: str) -> Column:
    return Column(name, "time", "", description)


def _value(side: str, what: str, unit: str = ENERGY) -> list[Column]:
    """A value with the half-widths of its 95% interval, named as in the API."""
    return [
        _number(f"{side}_value", f"{what}.", unit),
        _number(f"{side}_lower", f"The half-width of the 95% interval below `{side}_value`.", unit),
        _number(f"{side}_upper", f"The half-width of the 95% interval above `{side}_value`.", unit),
    ]


def _bounds(side: str, unit: str = ENERGY) -> list[Column]:
    return [
        _number(f"{side}_lower_bound", f"The lower end of the 95% interval: `{side}_value` - `{side}_lower`.", unit),
        _number(f"{side}_upper_bound", f"The upper end of the 95% interval: `{side}_value` + `{side}_upper`.", unit),
    ]


def _days(side: str) -> Column:
    return _number(f"{side}_n", f"How many days `{side}_value` covers.", DAYS)


def _model(side: str) -> list[Column]:
    """How well the model of a period fits, and what was found in its data."""
    return [
        _text(f"{side}_model_status", f"SUCCESS, or DISQUALIFIED by sufficiency criteria, of the {side} model."),
        _number(f"{side}_model_n", f"How many readings (hours, days or bills) the {side} model was fitted to."),
        _number(f"{side}_model_r2", f"R² of the {side} model."),
        _number(f"{side}_model_cvrmse", f"The coefficient of variation of the RMSE of the {side} model."),
        _number(f"{side}_model_rmse", f"The RMSE of the {side} model."),
        _number(f"{side}_model_nmbe", f"The normalized mean bias error of the {side} model."),
        _time(f"{side}_model_start", f"The start of the readings of the {side} model."),
        _time(f"{side}_model_end", f"The end of the readings of the {side} model."),
        _text(f"{side}_warnings", f"The names of the warnings about the {side} data and model, {CODES}."),
        _text(f"{side}_disqualification", f"The names of the {side} sufficiency criteria that are not met, {CODES}."),
    ]


METHOD = _text("uncertainty", "The method for the 95% intervals.")
SYSTEMATIC_ERROR = _number(
    "systematic_error", "An upper bound on the error of the savings that similar meters share.", ENERGY
)
VERSIONS = (
    _text("eemeter_version", "The version of eemeter that computed it."),
    _text("datastore_version", "The version of the datastore that computed it."),
)
ADDED, UPDATED = _time("added", "When it was stored."), _time("updated", "When it was last changed.")
TRACE_ID = _text("trace_id", "Your own id of the trace; empty if the trace was deleted.")

SAVINGS = (
    _integer("project", "The id of the project; empty for a run without one."),
    _text("project_id", "Your own id of the project; empty if the project was deleted."),
    _text("metadata", "The project's metadata, a JSON object."),
    _text("zipcode", "The project's ZIP code."),
    _text("timezone", "The project's time zone."),
    *(
        _time(f"{side}_period_{end}", f"The {end} of the project's {side} period.")
        for side in SIDES
        for end in ("start", "end")
    ),
    _integer("trace", "The id of the trace; empty for a run of a posted meter input."),
    TRACE_ID,
    _text("trace_interpretation", "What the trace measures."),
    _text("unit", "The unit of all energies in the row: KWH or THERM."),
    _integer("meter_run", "The id of the meter run, which is also that of its result."),
    _integer("batch", "The id of the run's batch; empty if it was not requested in bulk."),
    _text("status", "SUCCESS or FAILED; a FAILED run has one row, without values."),
    _text("failure_reason", "Why the run is FAILED: data, sufficiency, weather, model or machine."),
    _text("failure_message", "Why the run is FAILED, and how to fix it."),
    _text("model_class", "The class of the models."),
    _text("model_kwargs", "The settings of the models, a JSON object."),
    _text("formatter_class", "How the data were prepared for the models."),
    _text("reporting_window", "The reporting window; a JSON object if it has dates of its own."),
    _text("weather_station", "The station of the observed temperatures."),
    _text("weather_normal_station", "The station of the normal year."),
    *_model("baseline"),
    *_model("reporting"),
    _integer("derivative", "The id of the derivative."),
    _text("interpretation", "annualized_weather_normal, gross_predicted or gross_observed."),
    METHOD,
    *_value("baseline", "The energy without the measure"),
    *_bounds("baseline"),
    _days("baseline"),
    *_value("reporting", "The energy with the measure"),
    *_bounds("reporting"),
    _days("reporting"),
    *_value("savings", "The savings: baseline - reporting, or the reverse for energy generated on site"),
    *_bounds("savings"),
    _number("savings_percent", "The savings as a percentage of `baseline_value`; empty if that is 0.", PERCENT),
    _number("savings_percent_lower_bound", "`savings_lower_bound` as a percentage of the baseline.", PERCENT),
    _number("savings_percent_upper_bound", "`savings_upper_bound` as a percentage of the baseline.", PERCENT),
    SYSTEMATIC_ERROR,
    *VERSIONS,
    _text("meter_input", "The name of the complete meter input in the datastore's bucket."),
    _text("meter_output", "The name of the meter output in the datastore's bucket."),
    _time("added", "When the run was scheduled."),
    _time("updated", "When the run ended."),
)
METER_RESULTS = (
    _integer("id", "The id of the result, which is that of its run."),
    _integer("trace", "The id of the trace."),
    _integer("project", "The id of the project."),
    _integer("meter_run", "The id of the run."),
    _text("meter_output", "The name of the meter output in the datastore's bucket."),
    _text("status", "SUCCESS."),
    *VERSIONS,
    _text("model_class", "The class of the models."),
    _text("model_kwargs", "The settings of the models, a JSON object."),
    _text("formatter_class", "How the data were prepared for the models."),
    _text("formatter_kwargs", "The settings of the formatter, a JSON object."),
    _text("weather_station", "The station of the observed temperatures."),
    _text("weather_normal_station", "The station of the normal year."),
    *_model("baseline"),
    *_model("reporting"),
    METHOD,
    _text("reporting_window", "The reporting window; a JSON object if it has dates of its own."),
    ADDED,
    UPDATED,
)
DERIVATIVES = (
    _integer("id", "The id of the derivative."),
    _integer("meter_result", "The id of its result."),
    _integer("trace", "The id of the trace."),
    _integer("project", "The id of the project."),
    _text("trace_interpretation", "What the trace measures."),
    _text("interpretation", "annualized_weather_normal, gross_predicted or gross_observed."),
    _text("unit", "The unit of the values: KWH or THERM."),
    *_value("baseline", "The energy without the measure"),
    _days("baseline"),
    *_value("reporting", "The energy with the measure"),
    _days("reporting"),
    METHOD,
    SYSTEMATIC_ERROR,
    *(
        _number(name, f"As in the API's derivatives; of `{name.partition('_')[0]}_value`.", unit)
        for name, unit in zip(SPREAD_NUMBERS, (ENERGY, "", "", "") * 2, strict=True)
    ),
    ADDED,
    UPDATED,
)
AGGREGATION_RESULTS = (
    _integer("id", "The id of the result, which is that of its run."),
    _integer("aggregation_run", "The id of the aggregation run."),
    _text("trace_interpretation", "What the traces measure."),
    _text("derivative_interpretation", "annualized_weather_normal, gross_predicted or gross_observed."),
    _text("aggregation_interpretation", "SUM or MEAN."),
    _text("aggregation_output", "The name of the aggregation output in the datastore's bucket."),
    _text("unit", "The unit of the values: KWH or THERM."),
    *_value("baseline", "The energy without the measures"),
    _integer("baseline_n", "How many days the values cover, summed over the derivatives.", DAYS),
    *_value("reporting", "The energy with the measures"),
    _integer("reporting_n", "How many days the values cover, summed over the derivatives.", DAYS),
    _text("differential_direction", "BASELINE_MINUS_REPORTING or REPORTING_MINUS_BASELINE."),
    *_value("differential", "The savings"),
    *_bounds("differential"),
    _integer("differential_n", "The days of both sides.", DAYS),
    _text("uncertainty", f"The methods for the 95% intervals, {CODES}."),
    _number("systematic_error", "The sum of the systematic errors of the derivatives; for MEAN, their mean.", ENERGY),
    _integer("systematic_error_n", "How many derivatives have a systematic error."),
    *VERSIONS,
    ADDED,
    UPDATED,
)
TRACE_RECORDS = (
    _integer("trace", "The id of the trace."),
    TRACE_ID,
    _text("interpretation", "What the trace measures."),
    _text("unit", "The unit of the values: KWH or THERM."),
    _time("start", "The start of the time that the value covers, which ends at the start of the next record."),
    _number("value", "The energy; empty: unknown. That of the last record of a trace only ends the series.", ENERGY),
    Column("estimated", "boolean", "", "Whether the utility estimated the value."),
)

COLUMNS: Mapping[Kind, tuple[Column, ...]] = {
    "savings": SAVINGS,
    "meter_results": METER_RESULTS,
    "derivatives": DERIVATIVES,
    "aggregation_results": AGGREGATION_RESULTS,
    "trace_records": TRACE_RECORDS,
}
