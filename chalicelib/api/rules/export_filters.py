"""The filters of an export: only those of its kind, and a trace group that exists."""

from datetime import datetime
from typing import Any

from chalicelib.api.http.problems import error, invalid, raise_if_any
from chalicelib.api.http.times import timestamp
from chalicelib.api.schemas.exports import FILTERS_OF, ExportFilters
from chalicelib.store.collections import trace_groups
from chalicelib.store.exports.columns import Kind


def checked_filters(kind: Kind, given: ExportFilters) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The filters that were given, as they are stored, and the specification of the group among them.

    Raises the 400 Problem.
    """
    filters = {name: value for name, value in dict(given).items() if value is not None}
    accepted = FILTERS_OF[kind]
    raise_if_any(
        [
            error(f"An export of {kind} has no filter {name}; it has {', '.join(accepted)}.", "filters", name)
            for name in filters
            if name not in accepted
        ]
    )
    specification = None
    if "group" in filters:
        group = trace_groups.get(filters["group"])
        if group is None:
            raise invalid(error(f"There is no trace group {filters['group']}.", "filters", "group"))
        specification = group.filter_specification
    stored = {name: timestamp(value) if isinstance(value, datetime) else value for name, value in filters.items()}
    return stored, specification
