"""HTTP only: resources declare their endpoints; the routes and the OpenAPI document come from them."""

from functools import cache
from typing import Any

from chalice.app import Chalice, ChaliceAuthorizer

from chalicelib.api.http.serving import answer
from chalicelib.api.resources import (
    aggregation_results,
    aggregation_runs,
    batches,
    derivatives,
    docs,
    health,
    meter_results,
    meter_runs,
    projects,
    trace_groups,
    trace_records,
    traces,
    weather_files,
    weather_records,
)

BASE = "/api/v1"


@cache
def contract() -> dict[str, Any]:
    """The OpenAPI document."""
    from chalicelib.api.http.openapi import document  # building schemas takes time that a cold start need not spend

    return document(RESOURCES)


RESOURCES = (
    projects.resource,
    traces.resource,
    trace_records.resource,
    weather_records.resource,
    weather_files.resource,
    meter_runs.resource,
    batches.resource,
    meter_results.resource,
    derivatives.resource,
    trace_groups.resource,
    aggregation_runs.resource,
    aggregation_results.resource,
    health.resource,
    docs.resource_of(contract),
)


def register(app: Chalice, authorizer: ChaliceAuthorizer) -> None:
    """Give the app every route; `authorizer` guards those that need a token."""
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint(authorizer, answer), url_prefix=BASE)
