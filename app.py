"""The entry points of the Lambda functions. Each only calls its job."""

from collections.abc import Callable
from typing import Any

from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, Request, SQSEvent

from chalicelib import api, telemetry
from chalicelib.jobs import authorize as authorizing
from chalicelib.jobs import check_runs as checking
from chalicelib.jobs import choose_derivatives as choosing
from chalicelib.jobs import fail_aggregation as failing
from chalicelib.jobs import fan_in as fanning_in
from chalicelib.jobs import handle_dead_letter as dead_letters
from chalicelib.jobs import reconcile as reconciling
from chalicelib.jobs import run_meter
from chalicelib.jobs import sum_chunk as adding_up
from chalicelib.jobs import wait_for_batch as waiting

app = Chalice(app_name="eemeter-datastore")


@app.middleware("all")
def set_log_context(event: Any, get_response: Callable[[Any], Any]) -> Any:
    telemetry.begin(event.lambda_context if isinstance(event, Request) else event.context)
    return get_response(event)


@app.authorizer(name="authorize", ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    return authorizing.authorize(request)


api.register(app, authorize)


@app.on_sqs_message(queue="meter-runs", name="meter_worker")
def meter_worker(event: SQSEvent) -> Any:
    return run_meter.handle(event.to_dict(), event.context)


@app.on_sqs_message(queue="meter-runs-hourly", name="hourly_worker")
def hourly_worker(event: SQSEvent) -> Any:
    return run_meter.handle(event.to_dict(), event.context)


@app.on_sqs_message(queue="meter-runs-dead", name="handle_dead_letter")
def handle_dead_letter(event: SQSEvent) -> None:
    dead_letters.handle(event.to_dict())


@app.schedule("rate(1 minute)", name="reconciler")
def reconciler(event: CloudWatchEvent) -> None:
    reconciling.handle()


@app.lambda_function(name="check_runs")
def check_runs(event: dict[str, Any], context: Any) -> Any:
    return checking.handle(event, context)


# The steps of infra/template/aggregation.asl.yaml, in its order.


@app.lambda_function(name="wait_for_batch")
def wait_for_batch(event: dict[str, Any], context: Any) -> None:
    waiting.handle(event)


@app.lambda_function(name="choose_derivatives")
def choose_derivatives(event: dict[str, Any], context: Any) -> Any:
    return choosing.handle(event)


@app.lambda_function(name="sum_chunk")
def sum_chunk(event: dict[str, Any], context: Any) -> Any:
    return adding_up.handle(event)


@app.lambda_function(name="fan_in")
def fan_in(event: dict[str, Any], context: Any) -> Any:
    return fanning_in.handle(event)


@app.lambda_function(name="fail_aggregation")
def fail_aggregation(event: dict[str, Any], context: Any) -> None:
    failing.handle(event)
