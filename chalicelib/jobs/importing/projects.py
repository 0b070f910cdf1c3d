"""Rows to projects."""

from chalicelib.api.rules.project_periods import period_errors, stored_fields, with_periods
from chalicelib.api.schemas.projects import ProjectIn
from chalicelib.files.options import Options
from chalicelib.files.tables import Table
from chalicelib.jobs.importing import items
from chalicelib.jobs.importing.items import Fields, Row
from chalicelib.jobs.importing.outcome import Outcome
from chalicelib.store.collections import projects
from chalicelib.store.tables.uploads import Upload


def prepare(upload: Upload, options: Options, rows: Table) -> Outcome:
    """What storing the projects of a bucket does."""
    found = items.checked(upload, rows, ProjectIn)
    existing = projects.find_many([row.key for row in found.rows])
    rejected, accepted = list(found.rejected), list[tuple[Row, Fields]]()
    for row in found.rows:
        before = existing.get(row.key)
        fields = stored_fields(row.given, before)
        errors = period_errors(with_periods(before, fields))
        if errors:
            rejected.append(items.rejection(row, errors[0]))
        else:
            accepted.append((row, fields))
    return items.outcome(rows.height, accepted, existing, rejected, projects.sync)
