"""The entry points of the Lambda functions. Each one only calls its job."""

from collections.abc import Callable
from typing import Any

from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, Request, SQSEvent

from chalicelib import api, telemetry
from chalicelib.jobs import advance_batch as advance_batch_job
from chalicelib.jobs import advance_export as advance_export_job
from chalicelib.jobs import authorize as authorize_job
from chalicelib.jobs import check_runs as check_runs_job
from chalicelib.jobs import choose_derivatives as choose_derivatives_job
from chalicelib.jobs import fail_aggregation as fail_aggregation_job
from chalicelib.jobs import fan_in as fan_in_job
from chalicelib.jobs import handle_dead_letter as handle_dead_letter_job
from chalicelib.jobs import import_upload as import_upload_job
from chalicelib.jobs import receive_upload as receive_upload_job
from chalicelib.jobs import reconcile as reconcile_job
from chalicelib.jobs import run_meter as run_meter_job
from chalicelib.jobs import sum_chunk as sum_chunk_job
from chalicelib.jobs import wait_for_batch as wait_for_batch_job

app = Chalice(app_name="eemeter-datastore")


@app.middleware("all")
def set_log_context(event: Any, get_response: Callable[[Any], Any]) -> Any:
    telemetry.begin(event.lambda_context if isinstance(event, Request) else event.context)
    return get_response(event)


@app.authorizer(name="authorize", ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    return authorize_job.authorize(request)


api.register(app, authorize)


@app.on_sqs_message(queue="meter-runs", name="meter_worker")
def meter_worker(event: SQSEvent) -> Any:
    return run_meter_job.handle(event.to_dict(), event.context)


@app.on_sqs_message(queue="meter-runs-hourly", name="hourly_worker")
def hourly_worker(event: SQSEvent) -> Any:
    return run_meter_job.handle(event.to_dict(), event.context)


@app.on_sqs_message(queue="meter-runs-dead", name="handle_dead_letter")
def handle_dead_letter(event: SQSEvent) -> None:
    handle_dead_letter_job.handle(event.to_dict())


@app.on_sqs_message(queue="uploads", name="receive_upload")
def receive_upload(event: SQSEvent) -> Any:
    return receive_upload_job.handle(event.to_dict())


@app.schedule("rate(1 minute)", name="reconciler")
def reconciler(event: CloudWatchEvent) -> None:
    reconcile_job.handle()


@app.lambda_function(name="check_runs")
def check_runs(event: dict[str, Any], context: Any) -> Any:
    return check_runs_job.handle(event, context)


# The step of infra/template/batches.asl.yaml.


@app.lambda_function(name="advance_batch")
def advance_batch(event: dict[str, Any], context: Any) -> Any:
    return advance_batch_job.handle(event)


# The step of infra/template/exports.asl.yaml.


@app.lambda_function(name="advance_export")
def advance_export(event: dict[str, Any], context: Any) -> Any:
    return advance_export_job.handle(event)


# All steps of infra/template/imports.asl.yaml.


@app.lambda_function(name="import_upload")
def import_upload(event: dict[str, Any], context: Any) -> Any:
    return import_upload_job.handle(event)


# The steps of infra/template/aggregation.asl.yaml, in the same order.


@app.lambda_function(name="wait_for_batch")
def wait_for_batch(event: dict[str, Any], context: Any) -> None:
    wait_for_batch_job.handle(event)


@app.lambda_function(name="choose_derivatives")
def choose_derivatives(event: dict[str, Any], context: Any) -> Any:
    return choose_derivatives_job.handle(event)


@app.lambda_function(name="sum_chunk")
def sum_chunk(event: dict[str, Any], context: Any) -> Any:
    return sum_chunk_job.handle(event)


@app.lambda_function(name="fan_in")
def fan_in(event: dict[str, Any], context: Any) -> Any:
    return fan_in_job.handle(event)


@app.lambda_function(name="fail_aggregation")
def fail_aggregation(event: dict[str, Any], context: Any) -> None:
    fail_aggregation_job.handle(event)
