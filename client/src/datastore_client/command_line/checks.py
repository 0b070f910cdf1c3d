"""`datastore check`"""

from typing import Any

import typer

from datastore_client._sync.client import Client
from datastore_client.command_line import session
from datastore_client.command_line.names import Names
from datastore_client.command_line.runs import Arguments
from datastore_client.command_line.session import Json, connected, out
from datastore_client.command_line.tables import table
from datastore_client.command_line.targets import All, FailedOf, Group, Projects, Traces, one_of, targets
from datastore_client.errors import DatastoreError

MAX_TARGETS = 10_000  # of a request


def check(
    all: All = False,
    project: Projects = None,
    trace: Traces = None,
    group: Group = None,
    failed_of: FailedOf = None,
    argument: Arguments = None,
    json: Json = False,
) -> None:
    """Say what runs would find in their data. Nothing is run or stored. Exit code 3 says that some would fail.

    Of more than 200 runs, an evenly spread sample is checked.
    """
    one_of(all=all, project=project, trace=trace, group=group, failed_of=failed_of)
    arguments = session.json_values(argument or [], "--argument")
    with connected() as client:
        wanted = _all_projects(client) if all else targets(client, all, project, trace, group, failed_of)
        found = client.check(wanted, **arguments)
        if json:
            session.print_json(found)
        else:
            _show(found, Names(client, found["checks"]))
    if found["failing"]:
        raise typer.Exit(session.PARTIAL)


def _all_projects(client: Client) -> list[dict[str, Any]]:
    found = [{"project": project["id"]} for project in client.projects()]
    if not found:
        raise DatastoreError("There are no projects to check; load some with: datastore load FILE...")
    if len(found) > MAX_TARGETS:
        raise DatastoreError(f"There are {len(found):,} projects, and a check takes {MAX_TARGETS:,}; check a --group.")
    return found


def _show(found: dict[str, Any], names: Names) -> None:
    failing = f"{found['failing']:,} would fail" if found["failing"] else "none would fail"
    out().print(f"Checked {found['checked']:,} of {found['runs']:,} runs: {failing}.")
    rows = [row for check in found["checks"] for row in _rows(check, names.of(check))]
    if rows:
        shown = table("Findings", ["Project", "Trace", "Effect", "Period", "Finding"], [])
        for row in rows:
            shown.add_row(*row)
        out().print(shown)


def _rows(check: dict[str, Any], where: tuple[str, str]) -> list[tuple[str, ...]]:
    """The findings of a run, with the most serious first."""
    failure = check["failure"]
    rows: list[tuple[str, ...]] = [(*where, "would fail", "", failure["message"])] if failure else []
    for kind, effect in (("disqualification", "no model"), ("warnings", "warning")):
        rows += [(*where, effect, one["period"] or "both", one["detail"]) for one in check[kind]]
    return rows
