"""The lists of chunks that this process has in memory: a warm worker lists the chunks of a station once a minute.

A list is used only by runs that were scheduled before it was made. So each run sees all that was posted before it.
"""

import time
from datetime import datetime

LIFETIME = 60  # seconds
MARGIN = 5  # seconds by which the clocks of the API and of a worker may differ; AWS keeps them within milliseconds

_listings: dict[str, tuple[float, list[str]]] = {}  # when the chunks under a prefix were listed, and their keys


def remember(prefix: str, keys: list[str], listed: float) -> None:
    """Keep a list for later. listed: the epoch seconds right before it was made."""
    for old in [old for old, (at, _) in _listings.items() if not _is_fresh(at)]:
        del _listings[old]
    _listings[prefix] = listed, keys


def recall(prefix: str, since: datetime) -> list[str] | None:
    """The list of the chunks under a prefix, if this process has made one since then and within LIFETIME."""
    listed, keys = _listings.get(prefix, (0.0, None))
    return keys if _is_fresh(listed) and listed > since.timestamp() + MARGIN else None


def forget(prefix: str) -> None:
    """Have the chunks under a prefix listed again by the next reader."""
    _listings.pop(prefix, None)


def _is_fresh(listed: float) -> bool:
    return 0 <= time.time() - listed < LIFETIME  # a list from the future was made before the clock was set back
