"""Query parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

SINGLE = ("group", "newest", "start", "end")  # filters of exports that have one value
Query = str | int | float | bool | None | Sequence[str | int]


def encoded(query: Mapping[str, Query]) -> dict[str, str]:
    """Return query parameters as the API expects them.

    >>> encoded({"project": [1, 2], "newest": True, "trace": None, "limit": 10})
    {'project': '1,2', 'newest': 'true', 'limit': '10'}
    """
    return {name: _text(value) for name, value in query.items() if value is not None}


def filters_of_export(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters of an export as the API expects them: lists, where several values are possible.

    >>> filters_of_export({"batch": 1, "interpretation": "gross_predicted,gross_observed", "newest": True})
    {'batch': [1], 'interpretation': ['gross_predicted', 'gross_observed'], 'newest': True}
    """
    return {name: value if name in SINGLE else _listed(value) for name, value in filters.items() if value is not None}


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [int(one) if one.isdecimal() else one for one in value.split(",")]
    return list(value) if isinstance(value, Sequence) else [value]


def _text(value: Query) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)
