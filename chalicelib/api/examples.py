"""The examples of the reference document, as the OpenAPI document shows them."""

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
