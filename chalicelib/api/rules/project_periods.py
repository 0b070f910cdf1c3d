"""The baseline and reporting periods of a project: their dates as instants, and their order."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from chalicelib.api.http.problems import ErrorItem, error
from chalicelib.api.http.times import timestamp, to_utc
from chalicelib.api.schemas.projects import DEFAULTS
from chalicelib.store.tables.collections import Project

PERIODS = ("baseline_period_start", "baseline_period_end", "reporting_period_start", "reporting_period_end")


def stored_fields(given: Mapping[str, Any], before: Project | None) -> dict[str, Any]:
    """The fields as they are stored: a period's bare date becomes midnight in the project's time zone."""
    timezone = str(given.get("timezone") or getattr(before, "timezone", DEFAULTS["timezone"]))
    instants = {name: to_utc(given[name], timezone) for name in PERIODS if given.get(name) is not None}
    return {**given, **instants}


def period_errors(fields: Mapping[str, Any], *path: str | int) -> list[ErrorItem]:
    """An error for each start or end of a period that precedes the one before it, or equals it where it must not."""
    given: list[tuple[str, datetime]] = [(name, fields[name]) for name in PERIODS if fields.get(name) is not None]
    errors = []
    for (earlier, before), (later, after) in pairwise(given):
        may_be_equal = earlier == "baseline_period_end" or later == "reporting_period_start"
        if before > after or (before == after and not may_be_equal):
            order = "not be before" if may_be_equal else "be after"
            detail = f"{later} ({timestamp(after)}) must {order} {earlier} ({timestamp(before)}); correct one of them."
            errors.append(error(detail, *path, later))
    return errors


def with_periods(project: Project | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The periods of a project, or of a new one, after the changes."""
    return {name: changes.get(name, getattr(project, name, None)) for name in PERIODS}
