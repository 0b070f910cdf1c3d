"""`datastore delete`"""

from enum import StrEnum
from typing import Annotated

import typer

from datastore_client._sync.client import Client
from datastore_client.command_line.session import Yes, connected, say
from datastore_client.command_line.targets import find


class Kind(StrEnum):
    """What can be deleted."""

    PROJECT = "project"
    TRACE = "trace"
    GROUP = "group"
    RUN = "run"
    BATCH = "batch"
    UPLOAD = "upload"
    EXPORT = "export"


_BY_NAME = {Kind.PROJECT: "projects", Kind.TRACE: "traces", Kind.GROUP: "trace_groups"}
_BY_ID = {Kind.RUN: "meter_runs", Kind.BATCH: "batches", Kind.UPLOAD: "uploads", Kind.EXPORT: "exports"}
_WITH = {Kind.RUN: "its result", Kind.BATCH: "all its runs and their results", Kind.TRACE: "its readings"}


def delete(
    kind: Annotated[Kind, typer.Argument(help="What to delete.")],
    name: Annotated[str, typer.Argument(help="Its id; or the project_id, the trace_id or the name of the group.")],
    yes: Yes = False,
) -> None:
    """Delete a project, a trace, a trace group, a run, a batch, an upload or an export."""
    with connected() as client:
        path, shown = _path(client, kind, name)
        including = f" with {_WITH[kind]}" if kind in _WITH else ""
        if not yes:
            typer.confirm(f"Delete {shown}{including}?", abort=True, err=True)
        client.delete(path)
        say(f"Deleted {shown}{including}.")


def _path(client: Client, kind: Kind, name: str) -> tuple[str, str]:
    if kind in _BY_ID:
        if not name.isdecimal():
            raise typer.BadParameter(f"{name!r} is not the id of a {kind}.", param_hint="NAME")
        return f"{_BY_ID[kind]}/{name}/", f"{kind} {name}"
    found = find(client, _BY_NAME[kind], name)
    own = found.get(f"{kind}_id") or found.get("name")
    return f"{_BY_NAME[kind]}/{found['id']}/", f"{kind} {own!r} (id {found['id']})"
