"""Rows to traces, which name their projects by the client's own ids, or by those of the datastore."""

from typing import Any

from chalicelib.api.http.problems import ErrorItem, error
from chalicelib.api.rules.trace_units import stored_fields, unit_errors, with_same_spelling
from chalicelib.api.schemas.traces import TraceIn
from chalicelib.files.options import Options
from chalicelib.files.tables import Table
from chalicelib.jobs.importing import items
from chalicelib.jobs.importing.items import Fields, Row
from chalicelib.jobs.importing.outcome import Outcome
from chalicelib.store.collections import projects, traces
from chalicelib.store.tables.uploads import Upload


def prepare(upload: Upload, options: Options, rows: Table) -> Outcome:
    """What storing the traces of a bucket does."""
    by_own_id = _projects(upload, rows)

    def with_projects(row: Row) -> ErrorItem | None:
        named = row.given.pop("project_id", None)
        if named is None:
            return None
        for key in named:
            if key not in by_own_id:
                row.given["project_id"] = key
                detail = f"There is no project with the project_id {key}: load the projects first, or correct it."
                return error(detail, "project_id")
        row.given["projects"] = [by_own_id[key] for key in named]
        return None

    found = items.checked(upload, rows, TraceIn, with_projects)
    existing = traces.find_many([row.key for row in found.rows])
    known = projects.get_many({id for row in found.rows for id in row.given.get("projects", ())})
    rejected, accepted = list(found.rejected), list[tuple[Row, Fields]]()
    for row in found.rows:
        before = existing.get(row.key)
        errors = unit_errors(row.given, before) + [
            error(f"There is no project {id}.", "projects") for id in row.given.get("projects", ()) if id not in known
        ]
        if errors:
            rejected.append(items.rejection(row, errors[0]))
        else:
            accepted.append((row, with_same_spelling(stored_fields(row.given, before), before)))
    return items.outcome(rows.height, accepted, existing, rejected, traces.sync)


def _projects(upload: Upload, rows: Table) -> dict[str, int]:
    """The ids of the projects that the rows name by the client's own ids."""
    given: list[dict[str, Any]] = rows["fields"].to_list()
    wanted = {key for fields in given for key in fields.get("project_id") or ()}
    return {key: project.id for key, project in projects.find_many(sorted(wanted)).items()}
