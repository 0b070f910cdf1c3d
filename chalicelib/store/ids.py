"""Ids: dense positive integers per resource, given out in order by an atomic counter."""

from chalicelib.store.tables import Counter


def allocate(resource: str, count: int = 1) -> range:
    """The next `count` ids of a resource, never given out again."""
    counter = Counter(resource)
    counter.update(actions=[Counter.last.add(count)])
    return range(counter.last - count + 1, counter.last + 1)


def allocated(resource: str) -> range:
    """The ids given out so far; some may belong to nothing, or to nothing any more."""
    return range(1, last(resource) + 1)


def last(resource: str) -> int:
    """The highest id given out so far; 0 before the first."""
    try:
        return Counter.get(resource, consistent_read=True).last
    except Counter.DoesNotExist:
        return 0
