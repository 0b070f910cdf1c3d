"""`datastore aggregate`"""

from typing import Annotated, Any

import typer
from rich.progress import MofNCompleteColumn

from datastore_client._sync.client import Client
from datastore_client.command_line import session
from datastore_client.command_line.session import Json, connected, out
from datastore_client.command_line.tables import SAVED, saved_cells, table
from datastore_client.command_line.targets import All, Group, Projects, Traces, find, ids, one_of
from datastore_client.errors import DatastoreError
from datastore_client.savings import HEADLINE, of_aggregation

MAX_PROJECTS = 10_000  # of an aggregation
FUELS = {"E": "electricity", "NG": "gas"}

Interpretations = Annotated[
    list[str] | None,
    typer.Option(
        "--interpretation",
        "-i",
        help=f"{HEADLINE} (the default), gross_predicted or gross_observed. Can be repeated.",
    ),
]


def aggregate(
    all: All = False,
    project: Projects = None,
    trace: Traces = None,
    group: Group = None,
    interpretation: Interpretations = None,
    mean: Annotated[bool, typer.Option("--mean", help="The mean of the meters instead of their sum.")] = False,
    json: Json = False,
) -> None:
    """Add up the savings of the newest runs, for each fuel."""
    one_of(all=all, project=project, trace=trace, group=group)
    with connected() as client:
        sources = _sources(client, all, project, trace, group)
        kind = {"aggregation_interpretation": "MEAN"} if mean else {}
        with session.progress(MofNCompleteColumn()) as bar:
            task = bar.add_task("Adding up", total=None)
            results = client.aggregate(
                interpretations=interpretation or [HEADLINE],
                on_ended=lambda count: bar.update(task, completed=count),
                **sources,
                **kind,
            )
            bar.update(task, total=len(results))
        if json:
            session.print_json(results)
        else:
            _show(results, "mean" if mean else "sum")


def _sources(
    client: Client, all: bool, projects: list[str] | None, traces: list[str] | None, group: str | None
) -> dict[str, Any]:
    if group:
        return {"group": find(client, "trace_groups", group)["id"]}
    if traces:
        return {"traces": ids(client, "traces", traces)}
    if not all:
        return {"projects": ids(client, "projects", projects or [])}
    found = [one["id"] for one in client.projects()]
    if len(found) > MAX_PROJECTS:
        raise DatastoreError(
            f"There are {len(found):,} projects, and an aggregation names at most {MAX_PROJECTS:,}; use a --group."
        )
    return {"projects": found}


def _show(results: list[dict[str, Any]], kind: str) -> None:
    shown = table(f"Savings, {kind} of the meters", ["Fuel", "Interpretation"], ["Meters", *SAVED])
    for result in sorted(results, key=lambda one: (one["trace_interpretation"], one["derivative_interpretation"])):
        fuel = FUELS[result["trace_interpretation"].partition("_")[0]]
        meters = "" if result["derivatives"] is None else f"{len(result['derivatives']):,}"
        cells = saved_cells(result["baseline_value"], result["reporting_value"], of_aggregation(result))
        name = f"{fuel} ({result['trace_interpretation']}) in {result['unit']}"
        shown.add_row(name, result["derivative_interpretation"], meters, *cells)
    out().print(shown)
