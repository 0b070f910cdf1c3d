"""`datastore results`"""

from typing import Annotated, Any

import typer

from datastore_client.command_line import session
from datastore_client.command_line.names import Names
from datastore_client.command_line.session import Json, connected, out, say
from datastore_client.command_line.tables import SAVED, saved_cells, table
from datastore_client.command_line.targets import Projects, Traces, ids
from datastore_client.savings import HEADLINE, Savings, of_derivative


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
        names = Names(client, found)
        rows = [_row(derivative, names) for derivative in found]
        if json:
            session.print_json(rows)
            return
        if not found:
            say("There are no results; run meters with: datastore run --all --watch")
            return
        shown = table(f"Savings, {interpretation}", ["Project", "Trace", "Unit"], SAVED)
        for row, derivative in zip(rows, found, strict=True):
            cells = saved_cells(row["baseline_value"], row["reporting_value"], of_derivative(derivative))
            shown.add_row(row["project_id"], row["trace_id"], row["unit"], *cells)
        out().print(shown)
        if len(found) == limit:
            say(f"These are the first {limit:,}; --limit shows more, and `datastore export savings` has all.")


def _row(derivative: dict[str, Any], names: Names) -> dict[str, Any]:
    """A derivative with the names of its project and trace, and its savings."""
    project, trace = names.of(derivative)
    saved = of_derivative(derivative)
    savings = {f"saved_{field}": saved and getattr(saved, field) for field in Savings._fields}
    return {"project_id": project, "trace_id": trace, **derivative, **savings}
