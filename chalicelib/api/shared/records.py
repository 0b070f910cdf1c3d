"""What trace_records/ and weather_records/ share: series in, pages of series out."""

from typing import Annotated, Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import OUTPUT, Instant, Query
from chalicelib.api.http.times import microseconds
from chalicelib.store.series import series
from chalicelib.store.series.series import Column


@with_config(OUTPUT)
class Taken(TypedDict):
    """How many records a request held."""

    records: Annotated[int, Field(ge=0)]


class SeriesQuery(Query):
    """The parameters of a part of a series."""

    start: Instant | None = Field(default=None, description="The first instant wanted.")
    end: Instant | None = Field(default=None, description="The instant before which the part ends.")
    limit: int = Field(default=100, ge=1, le=1000, description="How many records a page holds at most.")
    after: Instant | None = Field(
        default=None, description="Where the page starts; the Link header of a page has the next one's."
    )


def part(prefix: str, query: SeriesQuery) -> tuple[Column, bool]:
    """The page of a stored series that the query asks for, and whether more follows."""
    starts = [microseconds(query.start)] if query.start else []
    if query.after:
        starts.append(microseconds(query.after) + 1)
    found = series.read(prefix, max(starts, default=None), microseconds(query.end) if query.end else None)
    kept = Column(found.starts[: query.limit], found.values[: query.limit], found.flags[: query.limit])
    return kept, len(found) > query.limit


def cursors(rendered: list[Any]) -> list[str]:
    """Where the page after each record starts."""
    return [record["start"] for record in rendered]
