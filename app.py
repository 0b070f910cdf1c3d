"""What AWS calls, and nothing else."""

from typing import Any

from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, SQSEvent

from chalicelib import api
from chalicelib.jobs import authorize as authorizing
from chalicelib.jobs import bury_run as burying
from chalicelib.jobs import run_meter
from chalicelib.jobs import sweep as sweeping

app = Chalice(app_name="eemeter-datastore")


@app.authorizer(name="authorize", ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    return authorizing.authorize(request)


api.register(app, authorize)


@app.on_sqs_message(queue="meter-runs", name="meter_worker")
def meter_worker(event: SQSEvent) -> Any:
    return run_meter.handle(event.to_dict(), event.context)


@app.on_sqs_message(queue="meter-runs-dead", name="bury_run")
def bury_run(event: SQSEvent) -> None:
    burying.handle(event.to_dict())


@app.schedule("rate(1 minute)", name="sweep")
def sweep(event: CloudWatchEvent) -> None:
    sweeping.handle()
