"""Query parameters."""

from collections.abc import Mapping, Sequence

Query = str | int | float | bool | None | Sequence[str | int]


def encoded(query: Mapping[str, Query]) -> dict[str, str]:
    """Return query parameters as the API expects them.

    >>> encoded({"project": [1, 2], "newest": True, "trace": None, "limit": 10})
    {'project': '1,2', 'newest': 'true', 'limit': '10'}
    """
    return {name: _text(value) for name, value in query.items() if value is not None}


def _text(value: Query) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)
