"""Results about weather records that several runs share, computed once."""

from collections.abc import Callable, Hashable, Sequence
from functools import wraps
from typing import Any, TypeVar

KEPT = 8  # results of each function; the runs of a portfolio share a small number of stations

T = TypeVar("T")


def once(function: Callable[..., T]) -> Callable[..., T]:
    """Cache the newest results of a function of records and options, by the identity of the records.

    Only the results for tuples are kept: they cannot change, since JSON values that are hashable cannot. The records
    are kept along with them, so that no others can have their identity.
    """
    kept: dict[tuple[Hashable, ...], tuple[Sequence[Any], T]] = {}

    @wraps(function)
    def cached(records: Sequence[Any], *options: Hashable) -> T:
        key = (id(records), *options)
        if key in kept:
            return kept[key][1]
        result = function(records, *options)
        if _cannot_change(records):
            kept[key] = records, result
            if len(kept) > KEPT:
                del kept[next(iter(kept))]
        return result

    return cached


def _cannot_change(records: Sequence[Any]) -> bool:
    try:
        hash(records)
    except TypeError:
        return False
    return type(records) is tuple
