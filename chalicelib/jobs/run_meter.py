"""The meter worker: claim a run, build its complete input, run eemeter, and end the run."""

import time
import traceback
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.jobs.computing import compute, freeze_imports
from chalicelib.jobs.inputs import weather
from chalicelib.jobs.inputs.meter_input import complete_input
from chalicelib.settings import settings
from chalicelib.store.runs import batches, claims, heartbeat, meter_runs, outcomes, queue
from chalicelib.store.shared import documents
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import MeterRun
from chalicelib.vocabulary import full_name

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = Logger()

COMPUTING_SHARE = 0.8  # of the worker's timeout; the rest is for reading the input and writing the outcome
LOST_CLAIM = "another worker has claimed the run"


def handle(event: dict[str, Any], context: Any) -> Any:
    """Process the runs in the event's messages. The response lists the messages to be redelivered."""
    # Imported here, as are others below: all Lambda functions import this module, and only the workers need these.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, _handle_record, processor, context)


def _handle_record(record: "SQSRecord") -> None:
    try:
        _process(queue.run_id_of(record.raw_event))
    except Exception:
        logger.exception("the message will be redelivered or moved to the dead-letter queue")
        received = int(record.attributes.approximate_receive_count)
        queue.retry_after(record.raw_event, settings().retry_delay * received)
        raise


def _process(run_id: int) -> None:
    """Claim a run and execute it, unless it has ended, was deleted or another worker holds it.

    Raises after a machine error, and LookupError when there has never been such a run.
    """
    telemetry.note(meter_run=run_id)
    try:
        run = claims.claim(run_id)
    except claims.Exhausted:
        outcomes.fail_exhausted(run_id)
        return
    except LookupError:
        if not meter_runs.was_allocated(run_id):
            raise
        logger.info("the run was deleted")
        return
    if run is None:
        logger.info("the run has ended, or another worker holds it")
        return
    telemetry.note(batch=run.batch)
    if run.batch is not None and batches.is_being_deleted(run.batch):
        logger.info("the batch of the run is being deleted")
        return
    try:
        _execute(run)
    except Exception as error:
        claims.release(run, f"{type(error).__name__}: {error}")
        raise


def _execute(run: MeterRun) -> None:
    """End a claimed run as SUCCESS, or FAILED if the data or the model are at fault. Raises after a machine error."""
    from chalicelib.metering import MeterFailure, NoHourlyModels

    freeze_imports()
    began = time.perf_counter()
    seconds = {"QueueSeconds": (now() - run.added).total_seconds()}
    try:
        with heartbeat.of(run):
            meter_input = complete_input(run)
            key = documents.input_key(run.document, run.attempts)
            documents.put(key, meter_input)
            run.meter_input = key
            computing = time.perf_counter()
            outcome = _compute(meter_input) | weather.without_temperatures(meter_input)
            seconds["EEmeterSeconds"] = time.perf_counter() - computing
            documents.put(documents.output_key(run.document, run.attempts), outcome)
    except MeterFailure as failure:
        if isinstance(failure, NoHourlyModels) and settings().hourly_queue_url:
            forwarded = claims.forward_to_hourly(run)
            logger.info("forwarded to the worker with the hourly models" if forwarded else LOST_CLAIM)
        elif outcomes.fail(run, str(failure), traceback.format_exc(), failure.reason, failure.data_quality):
            logger.info("FAILED", reason=str(failure), kind=failure.reason)
            telemetry.failed("RunsFailed", failure.reason, seconds | {"RunSeconds": time.perf_counter() - began})
        return
    if outcomes.succeed(run, outcome, full_name(meter_input["trace"]["interpretation"])):
        logger.info("SUCCESS")
        telemetry.emit({"RunsSucceeded": 1}, seconds | {"RunSeconds": time.perf_counter() - began})
    else:
        logger.info(LOST_CLAIM)


def _compute(meter_input: dict[str, Any]) -> dict[str, Any]:
    """The meter output. Raises the same errors as `compute`."""
    from chalicelib.metering import run_meter

    return compute(
        run_meter,
        meter_input,
        seconds=COMPUTING_SHARE * settings().worker_timeout,
        accelerate=settings().accelerate,
    )
