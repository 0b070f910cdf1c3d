"""The columns and rows of exports."""

import math
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering.results.derivatives import savings as of_meter_output
from chalicelib.store.exports import rows
from chalicelib.store.exports.columns import COLUMNS
from chalicelib.store.series.series import ESTIMATED, Column
from chalicelib.store.tables.results import Derivative
from infra.checks.export_columns import PAGE, TEMPLATE, updated_page, updated_template

NOW = datetime(2024, 5, 17, tzinfo=UTC)
ELECTRICITY, GENERATION = "ELECTRICITY_CONSUMPTION_SUPPLIED", "ELECTRICITY_ON_SITE_GENERATION_TOTAL"
NUMBERS = st.floats(-1e9, 1e9)
OWN = ["gross_predicted", "KWH", 10.0, 1.0, 1.0, 365, 9.0, 2.0, 2.0, 364, "regression", 0.1, [1.0] * 8]
FIT = {
    "status": "SUCCESS",
    "n": 12,
    "r2": 0.9,
    "cvrmse": 0.1,
    "rmse": 3.0,
    "nmbe": 0.0,
    "start": "2015-01-01T00:00:00.000000Z",
    "end": "2016-01-01T00:00:00.000000Z",
    "disqualification": [],
    "warnings": [{"name": "a.b"}, {"name": "c"}],
}
RUN = SimpleNamespace(
    id=3,
    trace=2,
    project=1,
    status="SUCCESS",
    batch=7,
    meter_input="meter_inputs/a-1.json",
    **dict.fromkeys(("failure_reason", "failure_message", "model_class", "model_kwargs", "formatter_class")),
    reporting_window=None,
    added=NOW,
    updated=NOW,
)
RESULT = SimpleNamespace(
    id=3,
    trace=2,
    project=1,
    meter_run=3,
    meter_output="meter_outputs/a-1.json",
    status="SUCCESS",
    eemeter_version="4.1.1",
    datastore_version="1",
    model_class="DailyModel",
    model_kwargs={"a": 1},
    formatter_class="daily",
    formatter_kwargs={},
    weather_station="724390",
    weather_normal_station="724391",
    trace_interpretation=ELECTRICITY,
    uncertainty="regression",
    models={"baseline": FIT, "reporting": FIT},
    reporting_window={"start": "2016-01-01", "end": "2017-01-01"},
    added=NOW,
    updated=NOW,
)
TRACE = SimpleNamespace(id=2, trace_id="METER-2", interpretation=ELECTRICITY, unit="KWH")
PROJECT = SimpleNamespace(
    id=1,
    project_id="=BUILDING",
    metadata={"program": "é"},
    zipcode="60601",
    timezone="UTC",
    baseline_period_start=None,
    baseline_period_end=NOW,
    reporting_period_start=NOW,
    reporting_period_end=None,
)


def named(kind: Any, row: Any) -> dict[str, Any]:
    return dict(zip((column.name for column in COLUMNS[kind]), row, strict=True))


def row_of(own: Any = OWN, interpretation: str = ELECTRICITY) -> dict[str, Any]:
    result = SimpleNamespace(**vars(RESULT) | {"trace_interpretation": interpretation})
    (row,) = rows.savings(RUN, result, [(8, own)], TRACE, PROJECT)
    return named("savings", row)


def test_names_are_distinct_and_fit_every_database() -> None:
    for kind, columns in COLUMNS.items():
        names = [column.name for column in columns]
        assert len(set(names)) == len(names), kind
        assert all(name.isidentifier() and name.islower() and len(name) < 64 for name in names), kind


def test_the_page_and_the_glue_table_list_the_columns() -> None:
    assert PAGE.read_text() == updated_page(PAGE.read_text())
    assert TEMPLATE.read_text() == updated_template(TEMPLATE.read_text())
    assert "| `savings_value` | number |" in PAGE.read_text()
    assert "{Name: savings_value, Type: double}" in TEMPLATE.read_text()


def test_a_row_of_savings_has_what_is_known_of_the_run() -> None:
    row = row_of()
    assert (
        row
        | {
            "project": 1,
            "project_id": "=BUILDING",
            "metadata": '{"program":"é"}',
            "trace": 2,
            "trace_id": "METER-2",
            "trace_interpretation": ELECTRICITY,
            "unit": "KWH",
            "meter_run": 3,
            "batch": 7,
            "status": "SUCCESS",
            "model_class": "DailyModel",
            "model_kwargs": '{"a":1}',
            "weather_station": "724390",
            "reporting_window": '{"start":"2016-01-01","end":"2017-01-01"}',
            "baseline_model_r2": 0.9,
            "baseline_warnings": "a.b;c",
            "baseline_disqualification": None,
            "derivative": 8,
            "baseline_model_start": datetime(2015, 1, 1, tzinfo=UTC),
            "interpretation": "gross_predicted",
            "baseline_value": 10.0,
            "baseline_lower": 1.0,
            "baseline_lower_bound": 9.0,
            "baseline_upper_bound": 11.0,
            "baseline_n": 365,
            "reporting_value": 9.0,
            "reporting_n": 364,
            "savings_value": 1.0,
            "savings_lower": math.sqrt(5),
            "savings_upper_bound": 1 + math.sqrt(5),
            "savings_percent": 10.0,
            "systematic_error": 0.1,
            "meter_input": "meter_inputs/a-1.json",
            "meter_output": "meter_outputs/a-1.json",
        }
        == row
    )


def test_a_failed_run_has_one_row_without_values() -> None:
    run = SimpleNamespace(
        **vars(RUN) | {"status": "FAILED", "failure_reason": "data", "failure_message": "No readings."}
    )
    (row,) = rows.savings(run, None, (), TRACE, PROJECT)
    found = {name: value for name, value in named("savings", row).items() if value is not None}
    assert found.keys() == {
        *("project", "project_id", "metadata", "zipcode", "timezone", "baseline_period_end", "reporting_period_start"),
        *("trace", "trace_id", "trace_interpretation", "unit", "meter_run", "batch", "status", "failure_reason"),
        *("failure_message", "meter_input", "added", "updated"),
    }
    assert (found["status"], found["failure_message"]) == ("FAILED", "No readings.")


def test_what_was_deleted_is_left_empty() -> None:
    (row,) = rows.savings(RUN, RESULT, [(8, OWN)], None, None)
    found = named("savings", row)
    assert (found["project"], found["project_id"], found["trace"], found["trace_id"]) == (1, None, 2, None)
    assert (found["trace_interpretation"], found["unit"]) == (ELECTRICITY, "KWH")


@given(*[NUMBERS] * 2, *[st.floats(0, 1e9)] * 2, st.sampled_from([ELECTRICITY, GENERATION]))
def test_savings_are_those_of_the_meter_output(
    before: float, after: float, before_half: float, after_half: float, interpretation: str
) -> None:
    own = [*OWN[:2], before, before_half, before_half, 365, after, after_half, after_half, 365, *OWN[10:]]
    row = row_of(own, interpretation)
    derivative = dict(zip(Derivative.OWN, own, strict=True))
    expected = of_meter_output(derivative, interpretation)
    assert expected is not None
    assert (row["savings_value"], row["savings_lower"]) == (expected["value"], expected["half_width"])
    assert row["savings_percent"] == expected["percent"]
    if abs(before) > 1e-3:
        assert row["savings_percent_lower_bound"] <= row["savings_percent"] <= row["savings_percent_upper_bound"]
        assert row["savings_percent_upper_bound"] - row["savings_percent"] == pytest.approx(
            expected["percent_half_width"], rel=1e-6, abs=1e-6 * abs(expected["percent"]) + 1e-9
        )


def test_savings_are_empty_unless_both_sides_have_a_value() -> None:
    row = row_of([*OWN[:6], None, None, None, None, *OWN[10:]])
    assert row["baseline_value"] == 10.0
    assert {value for name, value in row.items() if name.startswith("savings_")} == {None}


def test_a_derivative_is_shown_with_and_without_its_spread() -> None:
    row = named("derivatives", rows.derivative(RESULT, 8, OWN))
    assert (row["id"], row["meter_result"], row["reporting_noise_exponent"]) == (8, 3, 1.0)
    assert named("derivatives", rows.derivative(RESULT, 8, [*OWN[:-1], None]))["reporting_noise_exponent"] is None


def test_a_meter_result_fits_its_columns() -> None:
    row = named("meter_results", rows.meter_result(RESULT))
    assert (row["id"], row["uncertainty"], row["reporting_model_n"]) == (3, "regression", 12)


def test_unknown_values_of_records_are_empty() -> None:
    column = Column()
    column.append(0, 1.5, ESTIMATED)
    column.append(10**6, math.nan)
    first, last = (named("trace_records", row) for row in rows.trace_records(TRACE, column))
    assert (first["start"], first["value"], first["estimated"]) == (datetime(1970, 1, 1, tzinfo=UTC), 1.5, True)
    assert (last["value"], last["estimated"]) == (None, False)
