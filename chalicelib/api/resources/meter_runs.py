"""meter_runs/"""

from collections.abc import Mapping
from typing import Any

from chalicelib import telemetry
from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import READ, WRITE, Asynchronous, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.preferences import RESPOND_ASYNC
from chalicelib.api.http.urls import base_path
from chalicelib.api.resources import meter_run_checks
from chalicelib.api.resources.batches import EXPANDING_EXAMPLE, BatchOut, batch_out
from chalicelib.api.rules.meter_run_limits import SYNCHRONOUS, check_count
from chalicelib.api.schemas.meter_runs import BulkIn, MeterRunIn, MeterRunOut, MeterRunQuery, run_out
from chalicelib.api.shared import examples
from chalicelib.api.shared.meter_inputs import resolved
from chalicelib.api.shared.targets import single_pair, specs_of, stored_targets
from chalicelib.store.runs import batches, deletions, expansions, meter_runs
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.runs.outbox import in_groups
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.runs import MeterRun

resource = Resource(
    "meter_runs", "meter run", "Models fitted to one trace of one project, before and after its measure."
)
LOCATION = "The path of the batch, `.../api/v1/batches/{id}/`, which counts the runs by status."
collection = CollectionEndpoints[MeterRun](resource, MeterRunOut, run_out)


@collection.list(MeterRunQuery, examples={"one run": Example(response=[examples.RUN])})
def list_meter_runs(query: MeterRunQuery) -> Page[MeterRun]:
    """List meter runs.

    A list by `status` or `failure_reason` may lack a run whose status has changed in the last second.
    """
    return meter_runs.page(**dict(query))


@collection.get(examples={"a run": Example(response=examples.RUN)})
def get_meter_run(id: int) -> MeterRun | None:
    """Get a meter run."""
    return meter_runs.get(id)


@collection.delete()
def delete_meter_run(id: int) -> bool:
    """Delete a meter run, with its result, derivatives and documents.

    A run that has not ended is deleted as well, and then never ends. Aggregations that have added up its derivatives
    stay as they are. If the run was the newest successful one of its trace and project, the one before it takes its
    place in later aggregations.
    """
    return deletions.delete(id)


def _reply(call: Call[Any, Any], run: MeterRun) -> Reply:
    return Reply(run_out(run), {"Location": f"{base_path(call.request)}/meter_runs/{run.id}/"})


def _repeated(call: Call[MeterRunIn, NoQuery], recorded: Mapping[str, Any]) -> Reply | None:
    run = meter_runs.get(recorded["id"])
    return None if run is None else _reply(call, run)


@resource.endpoint(
    "POST",
    "/meter_runs/",
    scope=WRITE,
    body=MeterRunIn,
    returns=MeterRunOut,
    status=201,
    headers={"Location": "The path of the meter run."},
    errors={403: "A URL as `meter_input` also needs the scope `read`."},
    examples={
        "a trace": Example({"trace": 2}, examples.RUN),
        "with explicit arguments": Example(examples.EXPLICIT_IN, examples.EXPLICIT_RUN),
        "one program year": Example({"trace": 2, "reporting_window": {"start": "2018-01-01", "end": "2019-01-01"}}),
        "a meter input": Example({"meter_input": examples.METER_INPUT}, examples.INPUT_RUN),
    },
    repeat=_repeated,
)
def schedule_meter_run(call: Call[MeterRunIn, NoQuery]) -> Reply:
    """Schedule a meter run.

    Give a trace, a project that has one trace, both, or the complete `meter_input`. A project that the trace does not
    belong to is accepted: the trace is then run with the periods of that project.
    """
    body = call.body
    posted: dict[str, Any] | None = None
    if body.meter_input is not None:
        body.require_input_alone()
        given = resolved(body.meter_input, call.raw, call.scopes)
        stored, posted = (given, None) if isinstance(given, str) else (None, given)
        spec = RunSpec(posted_input=stored, **body.arguments())
    else:
        project, trace = single_pair(body.project, body.trace)
        spec = RunSpec(project=project, trace=trace, **body.arguments())
    run = meter_runs.schedule(spec, posted)
    telemetry.note(meter_run=run.id)
    telemetry.emit({"RunsScheduled": 1})
    return _reply(call, run)


def _location(call: Call[Any, Any], batch: int) -> dict[str, str]:
    return {"Location": f"{base_path(call.request)}/batches/{batch}/"}


def _bulk_reply(call: Call[Any, Any], batch: int, groups: list[list[MeterRun]]) -> Reply:
    return Reply([[run_out(run) for run in group] for group in groups], _location(call, batch))


def _accepted_reply(call: Call[Any, Any], batch: int) -> Reply | None:
    count = batches.get(batch)
    headers = {**_location(call, batch), "Preference-Applied": RESPOND_ASYNC}
    return None if count is None else Reply(batch_out(count), headers, status=202)


def _repeated_bulk(call: Call[BulkIn, NoQuery], recorded: Mapping[str, Any]) -> Reply | None:
    if "groups" not in recorded:
        return _accepted_reply(call, recorded["id"])
    if not batches.exists(recorded["id"]):
        return None
    runs = [id for part in batches.runs_of(recorded["id"]) for id in part]
    found = meter_runs.get_many(runs)
    groups = [[found[id] for id in group if id in found] for group in in_groups(runs, recorded["groups"])]
    return _bulk_reply(call, recorded["id"], groups)


@resource.endpoint(
    "POST",
    "/meter_runs/bulk/",
    scope=WRITE,
    body=BulkIn,
    returns=list[list[MeterRunOut]],
    status=201,
    headers={"Location": LOCATION},
    errors={503: "No run is scheduled; runs that are already listed disappear within minutes."},
    examples={
        "two projects": Example({"targets": [{"project": 1}, {"project": 2}]}, examples.BULK),
        "a trace group": Example({"targets": [{"group": 1}]}),
        "the latest year of a trace group": Example({"targets": [{"group": 1}], "reporting_window": "latest_year"}),
        "all traces, with Prefer: respond-async": Example({"targets": [{"all": True}]}),
        "what has failed": Example({"targets": [{"failed_of_batch": 1}]}),
    },
    repeat=_repeated_bulk,
    asynchronous=Asynchronous(
        description="With `Prefer: respond-async`: the batch, whose runs are made after the response.",
        returns=BatchOut,
        resource="batches",
        headers={"Location": LOCATION, "Preference-Applied": f"`{RESPOND_ASYNC}`."},
        example=EXPANDING_EXAMPLE | dict.fromkeys(("total", "pending", "running", "success", "failed"), 0),
    ),
)
def schedule_meter_runs(call: Call[BulkIn, NoQuery]) -> Reply:
    """Schedule the meter runs of many targets.

    The response groups the runs by target, in the order of the targets; a project without traces has an empty group.
    A target with a project and a trace runs this trace for this project, even if the trace does not belong to it. A
    trace group runs each of its traces for each of the trace's projects with which it matches the filter, ordered by
    trace and then project; traces that belong to no project cannot be run and are left out. A target that is listed
    twice is run twice.

    A request makes at most 10,000 runs, or any number with the header `Prefer: respond-async`. With that header,
    the request is only checked and accepted: the response is a 202 with the batch, whose runs are made in the same
    order after that. Projects and traces that are deleted meanwhile are left out, and a trace group is what it was when
    the request was accepted. If a target cannot be run any more, the batch ends with the runs that it has, and its
    `failure_message` says why.
    """
    body, arguments = call.body, call.body.arguments()
    if call.asynchronous:
        batch = expansions.accept({"targets": stored_targets(body.targets), "arguments": arguments})
        telemetry.note(batch=batch)
        reply = _accepted_reply(call, batch)
        if reply is None:
            raise LookupError(f"batch {batch} was deleted right after it was accepted")
        return reply
    specs = specs_of(body.targets, arguments, SYNCHRONOUS)
    runs = [spec for group in specs for spec in group]
    check_count(runs, SYNCHRONOUS)
    batch, scheduled = meter_runs.schedule_batch(specs)
    telemetry.note(batch=batch)
    telemetry.emit({"RunsScheduled": len(runs)})
    return _bulk_reply(call, batch, scheduled)


@resource.endpoint(
    "POST",
    "/meter_runs/check/",
    scope=READ,
    body=meter_run_checks.CheckIn,
    returns=meter_run_checks.ChecksOut,
    errors={503: "No run could be checked; try again after the seconds in `Retry-After`."},
    examples={
        "a trace": Example({"trace": 2}, meter_run_checks.EXAMPLE),
        "a project": Example({"targets": [{"project": 1}]}, meter_run_checks.BULK_EXAMPLE),
        "a meter input": Example({"meter_input": examples.METER_INPUT}),
    },
)
def check_meter_runs(call: Call[meter_run_checks.CheckIn, NoQuery]) -> Reply:
    """Check what meter runs would find in their data.

    Accepts the body of a meter run or of a bulk request. It only needs the scope `read`: nothing is scheduled, fitted,
    fetched or written. The response has the data-quality report of each run, its warnings, and the failure that it
    would end with, as far as that is known before a model is fitted. If there are many runs, a sample is checked. The
    target `all` is not accepted.
    """
    body = call.body
    return Reply(
        meter_run_checks.summary(meter_run_checks.runs_to_check(body, call.raw, call.scopes), body.arguments())
    )
