"""The examples of the reference documents (tests/reference/*.rst), as the OpenAPI document shows them."""

from typing import Any

_UNSET = {"formatter_class": None, "formatter_kwargs": None, "model_class": None, "model_kwargs": None}


def _run(
    id: int,
    project: int | None,
    trace: int | None,
    moment: str,
    batch: int | None = None,
    meter_input: str | None = None,
    arguments: dict[str, Any] = _UNSET,
) -> dict[str, Any]:
    return {
        "id": id,
        "project": project,
        "trace": trace,
        "status": "PENDING",
        "meter_input": meter_input,
        **arguments,
        "failure_message": None,
        "traceback": None,
        "added": moment,
        "updated": moment,
        "meter_result": None,
        "batch": batch,
        "uncertainty": None,
        "failure_reason": None,
        "data_quality": None,
        "reporting_window": None,
    }


RUN = _run(1, 1, 2, "2016-09-28T23:57:21.454235Z")

_ARGUMENTS = {
    "model_class": "MyModel",
    "model_kwargs": {"parameter_1": 1.5, "parameter_2": [0.8, 0.2]},
    "formatter_class": "MyFormatter",
    "formatter_kwargs": {},
}
EXPLICIT_IN = {"trace": 2, "project": 2, **_ARGUMENTS}
EXPLICIT_RUN = _run(2, 2, 2, "2016-09-28T23:58:35.233478Z", arguments=_ARGUMENTS)

METER_INPUT: dict[str, Any] = {
    "type": "SINGLE_TRACE_SIMPLE_PROJECT",
    "trace": {
        "type": "ARBITRARY_START",
        "trace_id": "METER-17-E",
        "interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED",
        "unit": "KWH",
        "interval": "daily",
        "records": [
            {"start": "2011-01-01T00:00:00+00:00", "value": 57.8, "estimated": False},
            {"start": "2011-01-02T00:00:00+00:00", "value": None, "estimated": False},
        ],
    },
    "project": {
        "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
        "project_id": "BUILDING-17",
        "zipcode": "60601",
        "timezone": "UTC",
        "modeling_period_group": {
            "baseline_period": {"start": None, "end": "2012-01-01T00:00:00+00:00"},
            "reporting_period": {"start": "2012-02-01T00:00:00+00:00", "end": None},
        },
    },
}
_INPUT_URL = "https://example.s3.amazonaws.com/meter_inputs/010f59ae-15e9-4c43-8431-d90f74504770.json?X-Amz-Signature=0123456789abcdef"
INPUT_RUN = _run(3, None, None, "2016-09-28T23:59:02.667663Z", meter_input=_INPUT_URL)

BULK = [
    [
        _run(4, 1, 2, "2016-09-29T00:01:43.152522Z", batch=1),
        _run(5, 1, 3, "2016-09-29T00:01:43.152557Z", batch=1),
    ],
    [_run(6, 2, 4, "2016-09-29T00:01:43.152578Z", batch=1)],
]

AGGREGATION_IN = {
    "projects": [1, 2],
    "derivatives": [],
    "traces": [],
    "trace_interpretation": "E_C_S",
    "derivative_interpretation": "annualized_weather_normal",
    "aggregation_interpretation": "SUM",
}


def _aggregation(id: int, trace: str, derivative: str, named: dict[str, list[int]]) -> dict[str, Any]:
    document = f"3cdfc090-ec80-4cc1-8faf-4ee8705393a{id}"
    return {
        "id": id,
        "status": "PENDING",
        **named,
        "aggregation_input": f"https://example.s3.amazonaws.com/aggregation_inputs/{document}.json?X-Amz-Signature=0123",
        "trace_interpretation": trace,
        "derivative_interpretation": derivative,
        "aggregation_interpretation": "SUM",
        "aggregation_result": None,
        "failure_message": None,
        "traceback": None,
        "added": "2016-09-29T00:05:43.152522Z",
        "updated": "2016-09-29T00:05:43.152545Z",
        "group": None,
        "after_batch": None,
        "mix_uncertainty": False,
    }


AGGREGATION_RUN = _aggregation(
    1, "E_C_S", "annualized_weather_normal", {"projects": [1, 2], "traces": [], "derivatives": []}
)
AGGREGATION_BULK_IN = {"targets": [{"projects": [1, 2], "derivatives": [], "traces": []}]}
AGGREGATION_BULK = [
    [
        _aggregation(id, trace, derivative, {"derivatives": [], "projects": [1, 2], "traces": []})
        for id, trace, derivative in (
            (2, "E_C_S", "annualized_weather_normal"),
            (3, "E_C_S", "gross_predicted"),
            (4, "NG_C_S", "annualized_weather_normal"),
            (5, "NG_C_S", "gross_predicted"),
        )
    ]
]
AGGREGATION_RESULT = {
    "id": 1,
    "aggregation_run": 1,
    "trace_interpretation": "E_C_S",
    "derivative_interpretation": "annualized_weather_normal",
    "aggregation_interpretation": "SUM",
    "aggregation_output": "https://example.s3.amazonaws.com/aggregation_outputs/010f59ae-15e9-4c43-8431-d90f74504770.json"
    "?X-Amz-Signature=0123",
    "derivatives": [1, 4],
    "unit": "KWH",
    "baseline_value": 22024.8,
    "baseline_lower": 302.8,
    "baseline_upper": 302.8,
    "baseline_n": 730,
    "reporting_value": 19842.6,
    "reporting_lower": 281.0,
    "reporting_upper": 281.0,
    "reporting_n": 730,
    "differential_direction": "BASELINE_MINUS_REPORTING",
    "differential_value": 2182.2,
    "differential_lower": 413.1,
    "differential_upper": 413.1,
    "differential_n": 1460,
    "uncertainty": ["regression"],
    "systematic_error": 22.0,
    "systematic_error_n": 2,
    "eemeter_version": "4.1.1",
    "datastore_version": "0.1.0",
    "added": "2016-09-29T00:05:47.114235Z",
    "updated": "2016-09-29T00:05:47.114235Z",
}
