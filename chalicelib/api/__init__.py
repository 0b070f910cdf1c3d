"""The HTTP API: resources declare their endpoints, which define the routes and the OpenAPI document.

The "reference documents" in comments are tests/reference/*.rst, the API documentation of the original OpenEEmeter
datastore.
"""

from functools import cache
from typing import Any

from chalice.app import Chalice, ChaliceAuthorizer

from chalicelib.api.http.serving import respond, respond_without_endpoint
from chalicelib.api.http.urls import BASE
from chalicelib.api.resources import (
    aggregation_results,
    aggregation_runs,
    batches,
    derivatives,
    docs,
    exports,
    health,
    meter_results,
    meter_runs,
    projects,
    trace_groups,
    trace_records,
    traces,
    uploads,
    weather_files,
    weather_records,
)


@cache
def contract() -> dict[str, Any]:
    """The OpenAPI document."""
    from chalicelib.api.http.openapi import document  # imported here: building the schemas would slow down a cold start

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
    exports.resource,
    uploads.resource,
    health.resource,
    docs.resource_of(contract),
)


def register(app: Chalice, authorizer: ChaliceAuthorizer) -> None:
    """Register every route with the app; `authorizer` protects those that need a token."""
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint(authorizer, respond, respond_without_endpoint), url_prefix=BASE)
