"""`datastore export`"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import DownloadColumn, TaskProgressColumn

from datastore_client.command_line import session
from datastore_client.command_line.session import Json, connected, say
from datastore_client.command_line.targets import Group, Projects, Traces, find, ids


class Kind(StrEnum):
    """The tables."""

    SAVINGS = "savings"
    METER_RESULTS = "meter_results"
    DERIVATIVES = "derivatives"
    AGGREGATION_RESULTS = "aggregation_results"
    TRACE_RECORDS = "trace_records"


class Format(StrEnum):
    """The formats."""

    CSV = "csv"
    PARQUET = "parquet"


def export(
    kind: Annotated[Kind, typer.Argument(help="Which table.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    format: Annotated[Format | None, typer.Option(help="By default that of the file's ending, else csv.")] = None,
    project: Projects = None,
    trace: Traces = None,
    group: Group = None,
    filter: Annotated[
        list[str] | None,
        typer.Option("--filter", "-f", metavar="NAME=VALUE", help="A filter of the table, such as batch=1."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a table to a CSV or Parquet file. Several Parquet files become a directory of that name."""
    filters = session.json_values(filter or [], "--filter")
    format = format or (Format.PARQUET if output.suffix.lower() == ".parquet" else Format.CSV)
    with connected() as client:
        filters |= {"project": ids(client, "projects", project)} if project else {}
        filters |= {"trace": ids(client, "traces", trace)} if trace else {}
        filters |= {"group": find(client, "trace_groups", group)["id"]} if group else {}
        created = client.create_export(kind, format=format, filters=filters)
        with session.progress(TaskProgressColumn()) as bar:
            task = bar.add_task("Exporting", total=1.0)
            ended = client.follow_export(created["id"], lambda export: bar.update(task, completed=export["progress"]))
            bar.update(task, completed=1.0)
        with session.progress(DownloadColumn()) as bar:
            task = bar.add_task("Downloading", total=ended["size"])
            saved = client.save_export(ended, output, lambda count: bar.update(task, completed=count))
        if json:
            session.print_json(_summary(ended, saved))
        else:
            say(f"{output}: {ended['rows']:,} rows, {ended['size']:,} bytes.")


def _summary(export: dict[str, Any], saved: list[Path]) -> dict[str, Any]:
    return {**export, "saved": [str(path) for path in saved]}
