"""What is stored before the API is fuzzed: an item of every resource, whose ids the requests then use."""

from infra.local import portfolio
from tests.stack.client import Api

SAMPLE = "il-gas-hdd-only-billing_monthly"  # its models are fitted in a third of a second


def plant(api: Api) -> None:
    """Store the items, and wait until the runs among them have ended."""
    project = api.post("projects/", {"project_id": "seed", "zipcode": "60601", "metadata": {"program": "retrofit"}})
    body = {"trace_id": "seed", "interpretation": "NG_C_S", "unit": "therms", "projects": [project["id"]]}
    trace = api.post("traces/", body)
    api.post("trace_records/", [{"trace": trace["id"], "start": "2015-01-01T00:00:00Z", "value": 1.0}])
    filter = {"filter": {"target": "project_metadata|program", "comparison": "==", "value": "retrofit"}}
    api.post("trace_groups/", {"name": "seed", "filter_specification": filter})
    ((failing,),) = api.post("meter_runs/bulk/", {"targets": [{"project": project["id"]}]})
    run = api.succeeded(api.post("meter_runs/", {"meter_input": portfolio.meter_input(SAMPLE)})["id"])
    derivative = next(iter(api.derivatives(run).values()))
    api.aggregated(api.post("aggregation_runs/", {"derivatives": [derivative["id"]]})["id"])
    api.ended(failing["id"])
