"""`datastore results`"""

from functools import partial
from typing import Annotated, Any

import typer

from datastore_client._sync.client import Client
from datastore_client.command_line import session
from datastore_client.command_line.session import Json, connected, out, say
from datastore_client.command_line.tables import SAVED, saved_cells, table
from datastore_client.command_line.targets import Projects, Traces, ids
from datastore_client.concurrency import in_parallel
from datastore_client.savings import HEADLINE, of_derivative

AT_ONCE = 8  # requests for names


def results(
    project: Projects = None,
    trace: Traces = None,
    batch: Annotated[int | None, typer.Option(help="Those of this batch instead of the newest.")] = None,
    interpretation: Annotated[
        str,
        typer.Option("--interpretation", "-i", help="annualized_weather_normal, gross_predicted or gross_observed."),
    ] = HEADLINE,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many meters to show.")] = 50,
    json: Json = False,
) -> None:
    """Show the savings of each meter. For all numbers of all meters: datastore export savings -o savings.csv"""
    with connected() as client:
        filters = {
            "project": ids(client, "projects", project or []) or None,
            "trace": ids(client, "traces", trace or []) or None,
            "batch": batch,
            "newest": batch is None or None,
        }
        found = client.get("derivatives/", interpretation=interpretation, limit=limit, **filters)
        rows = _rows(client, found)
        if json:
            session.print_json(rows)
            return
        shown = table(f"Savings, {interpretation}", ["Project", "Trace", "Unit", *SAVED], right=-4)
        for row, derivative in zip(rows, found, strict=True):
            cells = saved_cells(row["baseline_value"], row["reporting_value"], of_derivative(derivative))
            shown.add_row(str(row["project_id"]), str(row["trace_id"]), row["unit"], *cells)
        out().print(shown)
        if len(found) == limit:
            say(f"These are the first {limit:,}; --limit shows more, and `datastore export savings` has all.")
        elif not found:
            say("There are no results; run meters with: datastore run --all --watch")


def _rows(client: Client, derivatives: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The derivatives with the names of their projects and traces, and the savings."""
    names = {
        key: _names(client, f"{key}s/", f"{key}_id", {one[key] for one in derivatives}) for key in ("project", "trace")
    }
    rows = []
    for derivative in derivatives:
        saved = of_derivative(derivative)
        rows.append(
            {
                **{f"{key}_id": names[key].get(derivative[key]) for key in names},
                **derivative,
                **{f"saved_{field}": saved and value for field, value in (saved._asdict() if saved else {}).items()},
            }
        )
    return rows


def _names(client: Client, resource: str, key: str, wanted: set[int | None]) -> dict[int, str]:
    known = sorted(id for id in wanted if id is not None)
    found = in_parallel([partial(client.get, f"{resource}{id}/") for id in known], AT_ONCE)
    return {one["id"]: one[key] for one in found}
