"""What to run, check or add up: the options, and the ids that they name."""

from typing import Annotated, Any

import typer

from datastore_client._sync.client import Client
from datastore_client.errors import DatastoreError

All = Annotated[bool, typer.Option("--all", help="All traces.")]
Projects = Annotated[
    list[str] | None,
    typer.Option("--project", "-p", help="A project, by your own project_id or by its id. Can be repeated."),
]
Traces = Annotated[
    list[str] | None,
    typer.Option("--trace", "-t", help="A trace, by your own trace_id or by its id. Can be repeated."),
]
Group = Annotated[str | None, typer.Option("--group", "-g", help="A trace group, by its name or its id.")]
FailedOf = Annotated[int | None, typer.Option("--failed-of", help="The runs that have failed in this batch.")]

_KEYS = {"projects": "project_id", "traces": "trace_id", "trace_groups": "name"}
_NOUNS = {"projects": "project", "traces": "trace", "trace_groups": "trace group"}


class NotFound(DatastoreError):
    """Nothing, or more than one thing, has this name."""


def one_of(**options: Any) -> None:
    """Raise BadParameter unless exactly one of the options is given."""
    if sum(bool(value) for value in options.values()) != 1:
        names = [f"--{name.replace('_', '-')}" for name in options]
        raise typer.BadParameter(f"Give one of {', '.join(names[:-1])} or {names[-1]}.", param_hint=names[0])


def find(client: Client, resource: str, given: str) -> dict[str, Any]:
    """Return the project, trace or trace group that a user names: by the user's own name for it, or else by its id."""
    key, noun = _KEYS[resource], _NOUNS[resource]
    found = client.get_all(f"{resource}/", **{key: given})
    if len(found) > 1:
        ids = ", ".join(str(one["id"]) for one in found)
        raise NotFound(f"{len(found)} {noun}s have the {key} {given!r}; give the id of one: {ids}.")
    if found:
        return found[0]
    if given.isdecimal():
        one: dict[str, Any] = client.get(f"{resource}/{given}/")
        return one
    raise NotFound(f"There is no {noun} with the {key} {given!r}.")


def ids(client: Client, resource: str, given: list[str]) -> list[int]:
    """Return the ids of what a user names."""
    return [find(client, resource, one)["id"] for one in given]


def targets(
    client: Client,
    all: bool,
    projects: list[str] | None,
    traces: list[str] | None,
    group: str | None,
    failed_of: int | None,
) -> list[dict[str, Any]]:
    """Return the targets of a bulk request."""
    if all:
        return [{"all": True}]
    if group:
        return [{"group": find(client, "trace_groups", group)["id"]}]
    if failed_of:
        return [{"failed_of_batch": failed_of}]
    if projects:
        return [{"project": id} for id in ids(client, "projects", projects)]
    return [{"trace": id} for id in ids(client, "traces", traces or [])]
