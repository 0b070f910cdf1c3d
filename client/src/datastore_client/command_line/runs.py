"""`datastore run` and `datastore watch`"""

from typing import Annotated, Any

import typer
from rich.progress import MofNCompleteColumn

from datastore_client._sync.client import Client
from datastore_client.command_line import session
from datastore_client.command_line.names import Names
from datastore_client.command_line.session import Json, connected, out, say
from datastore_client.command_line.tables import table
from datastore_client.command_line.targets import All, FailedOf, Group, Projects, Traces, one_of, targets

SHOWN = 10  # failed runs

Arguments = Annotated[
    list[str] | None,
    typer.Option(
        "--argument",
        "-a",
        metavar="NAME=VALUE",
        help="An argument of the runs, such as uncertainty=bootstrap, reporting_window=latest_year or "
        "formatter_kwargs='{\"ignore_sufficiency\": true}'. Can be repeated.",
    ),
]


def run(
    all: All = False,
    project: Projects = None,
    trace: Traces = None,
    group: Group = None,
    failed_of: FailedOf = None,
    argument: Arguments = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Wait for the runs, and show their progress.")] = False,
    json: Json = False,
) -> None:
    """Run meters: fit their models, and compute their savings. With --watch, exit code 3 says that some have failed."""
    one_of(all=all, project=project, trace=trace, group=group, failed_of=failed_of)
    arguments = session.json_values(argument or [], "--argument")
    with connected() as client:
        batch = client.run(targets(client, all, project, trace, group, failed_of), **arguments)
        if not watch:
            if json:
                session.print_json(batch)
            say(f"Started batch {batch['id']}. Follow it with: datastore watch {batch['id']}")
            return
        say(f"Started batch {batch['id']}.")
    _watch(batch["id"], json)


def watch(batch: Annotated[int, typer.Argument(help="The id of the batch.")], json: Json = False) -> None:
    """Wait for the runs of a batch, and show their progress. Exit code 3 says that some have failed."""
    _watch(batch, json)


def _watch(id: int, json: bool) -> None:
    with connected(f"The runs go on; follow them with: datastore watch {id}") as client:
        with session.progress(MofNCompleteColumn()) as bar:
            task = bar.add_task("Running meters", total=None)

            def show(batch: dict[str, Any]) -> None:
                total = None if batch["state"] == "EXPANDING" else batch["total"]
                bar.update(task, total=total, completed=batch["success"] + batch["failed"])

            batch = client.follow_batch(id, show)
        failed = _some_failed(client, batch) if batch["failed"] else []
        if json:
            session.print_json(batch)
        else:
            _show(batch, failed, Names(client, failed))
        if batch["failure_message"]:
            say(f"Error: {batch['failure_message']}")
            raise typer.Exit(session.FAILED)
        if batch["failed"]:
            raise typer.Exit(session.PARTIAL)


def _some_failed(client: Client, batch: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("meter_runs/", batch=batch["id"], status="FAILED", limit=SHOWN)
    return found


def _show(batch: dict[str, Any], failed: list[dict[str, Any]], names: Names) -> None:
    counts = f"{batch['total']:,} runs, {batch['success']:,} succeeded, {batch['failed']:,} failed"
    out().print(f"Batch {batch['id']}: {counts}.")
    if not failed:
        return
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in batch["failed_by_reason"].items() if count)
    shown = table(f"Failed, by reason: {reasons}", ["Project", "Trace", "Run", "Reason", "Why"], [])
    for run in failed:
        shown.add_row(*names.of(run), str(run["id"]), str(run["failure_reason"]), str(run["failure_message"]))
    out().print(shown)
    if len(failed) < batch["failed"]:
        say(f"These are the first {len(failed)} of {batch['failed']:,} failed runs.")
    say(f"To run them again: datastore run --failed-of {batch['id']} --watch")
