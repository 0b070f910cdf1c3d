"""Ids: consecutive positive integers per resource, allocated by an atomic counter."""

from chalicelib.store.tables.keys import Counter


def allocate(resource: str, count: int = 1) -> range:
    """Allocate the next `count` ids of a resource. An id is never allocated twice."""
    counter = Counter(resource)
    counter.update(actions=[Counter.last.add(count)])
    return range(counter.last - count + 1, counter.last + 1)


def allocated(resource: str) -> range:
    """The ids allocated so far. Some may never have been used, or their items may have been deleted."""
    return range(1, last(resource) + 1)


def last(resource: str) -> int:
    """The highest id allocated so far; 0 if there is none."""
    try:
        return Counter.get(resource, consistent_read=True).last
    except Counter.DoesNotExist:
        return 0
