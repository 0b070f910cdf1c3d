"""What the schemas say about fields that need or exclude each other is what the API requires."""

from typing import Any

import jsonschema
import pytest

from chalicelib.api import contract
from tests.unit.api.conftest import Api

WRONG_VALUES: list[tuple[str, Any]] = [("in", 1), ("not in", "a"), ("==", [1]), ("<", None), (">=", True), ("!=", [])]
RIGHT_VALUES: list[tuple[str, Any]] = [("in", []), ("==", None), ("!=", True), ("<", 1.5), (">=", "a")]
INPUT: dict[str, Any] = {"meter_input": "{}"}


def filtered(comparison: str, value: Any) -> dict[str, Any]:
    return {"target": "trace_id", "comparison": comparison, "value": value}


def matches(schema: str, body: Any) -> bool:
    document = {"$ref": f"#/components/schemas/{schema}", "components": contract()["components"]}
    return jsonschema.Draft202012Validator(document).is_valid(body)


@pytest.mark.parametrize(
    ("schema", "path", "body"),
    [
        ("MeterRunIn", "meter_runs/", {}),
        ("MeterRunIn", "meter_runs/", {"trace": None, "project": None, "meter_input": None}),
        ("MeterRunIn", "meter_runs/", {"trace": 1, **INPUT}),
        ("MeterRunIn", "meter_runs/", {"project": 1, **INPUT}),
        ("CheckIn", "meter_runs/check/", {}),
        ("CheckIn", "meter_runs/check/", {"targets": [{"trace": 1}], "trace": 1}),
        ("CheckIn", "meter_runs/check/", {"targets": [{"trace": 1}], **INPUT}),
        (
            "MeterRunIn",
            "meter_runs/",
            {"trace": 1, "reporting_window": {"start": "2018-01-01", "end": "2019-01-01T00:00:00Z"}},
        ),
        ("BulkIn", "meter_runs/bulk/", {"targets": [{}]}),
        ("BulkIn", "meter_runs/bulk/", {"targets": [{"trace": None}]}),
        ("BulkIn", "meter_runs/bulk/", {"targets": [{"trace": 1, "group": 1}]}),
        ("BulkIn", "meter_runs/bulk/", {"targets": [{"project": 1, "group": 1}]}),
        ("AggregationRunIn", "aggregation_runs/", {}),
        ("AggregationRunIn", "aggregation_runs/", {"projects": [], "traces": [], "derivatives": [], "group": None}),
        ("AggregationBulkIn", "aggregation_runs/bulk/", {"targets": [{}]}),
        *(
            ("TraceGroupIn", "trace_groups/", {"name": "a", "filter_specification": filtered(*one)})
            for one in WRONG_VALUES
        ),
        ("ProjectIn", "projects/", {"project_id": "a", "baseline_period_end": "1899-12-31"}),
        ("ProjectIn", "projects/", {"project_id": "a", "baseline_period_end": "2200-01-01T00:00:00Z"}),
    ],
)
def test_what_a_schema_excludes_is_refused(call: Api, schema: str, path: str, body: Any) -> None:
    assert not matches(schema, body)
    assert call("POST", path, body).status == 400


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("MeterRunIn", {"trace": 1, "project": 1}),
        ("MeterRunIn", {"trace": None, "project": 1, "meter_input": None}),
        ("MeterRunIn", {"trace": None, **INPUT}),
        ("CheckIn", {"targets": [{"trace": 1}], "trace": None}),
        ("CheckIn", {"project": 1, "targets": None}),
        ("WindowDates", {"start": "2018-01-01", "end": "2019-01-01"}),
        ("WindowDates", {"start": "2018-01-01T00Z", "end": "2019-01-01T00:00:00Z"}),
        ("BulkIn", {"targets": [{"trace": 1, "project": 1, "group": None}, {"group": 1, "trace": None}]}),
        ("AggregationRunIn", {"projects": [], "traces": [1]}),
        ("AggregationBulkIn", {"targets": [{"group": 1}, {"derivatives": [1], "group": None}]}),
        *(("Filter", filtered(*one)) for one in RIGHT_VALUES),
        ("ProjectIn", {"project_id": "a", "baseline_period_end": "1900-01-01"}),
        ("ProjectIn", {"project_id": "a", "baseline_period_end": "2199-12-31T23:59:59Z"}),
    ],
)
def test_what_is_accepted_matches_its_schema(schema: str, body: Any) -> None:
    assert matches(schema, body)
