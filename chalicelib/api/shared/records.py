"""Shared by trace_records/ and weather_records/: pages of stored series."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import OUTPUT, Instant, Limit, Query
from chalicelib.instants import microseconds
from chalicelib.store.series.series import Column

CUT_SHORT = {503: "Some of the records may have been stored; send the same request again to store them all."}


@with_config(OUTPUT)
class RecordsAccepted(TypedDict):
    """How many records a request had."""

    records: Annotated[int, Field(ge=0)]


class SeriesQuery(Query):
    """The query parameters of a list of records."""

    start: Instant | None = Field(default=None, description="List only records that start at or after this instant.")
    end: Instant | None = Field(default=None, description="List only records that start before this instant.")
    limit: Limit = Field(default=100, description="The maximum number of records per page.")
    after: Instant | None = Field(
        default=None, description="The page starts after this instant; follow the Link header to get the next page."
    )


def read_page(read: Callable[[int | None, int | None], Column], query: SeriesQuery) -> tuple[Column, bool]:
    """The page of a stored series that the query requests, and whether more records follow.

    read: returns the records from one instant to before another (microseconds since 1970 UTC; None: no limit).
    """
    starts = [microseconds(query.start)] if query.start else []
    if query.after:
        starts.append(microseconds(query.after) + 1)
    found = read(max(starts, default=None), microseconds(query.end) if query.end else None)
    page = Column(found.starts[: query.limit], found.values[: query.limit], found.flags[: query.limit])
    return page, len(found) > query.limit


def cursors(rendered: list[Any]) -> list[str]:
    """The cursor of each record: the next page starts after it if the record is the last of its page."""
    return [record["start"] for record in rendered]
