"""What storing the rows of a bucket does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.files.parsed import no_rejected
from chalicelib.files.tables import Table
from chalicelib.store.uploads.steps import Counts


@dataclass(frozen=True)
class Outcome:
    """counts: of the rows. rejected: those that are not stored. warnings: line and detail. write: stores the others."""

    counts: Counts = field(default_factory=Counts)
    rejected: Table = field(default_factory=no_rejected)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    write: Callable[[], None] = lambda: None
