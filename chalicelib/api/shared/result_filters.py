"""The filters that lists of meter results and of derivatives share."""

from pydantic import Field

from chalicelib.api.http.fields import Flag, Ids, PageQuery
from chalicelib.store.results.selecting import Filters
from chalicelib.store.runs.meter_runs import ranges_of


class _Page(Filters):
    after: int
    limit: int


class ResultQuery(PageQuery):
    """Filters for what meter runs found."""

    project: Ids = Field(default=[], description="Ids of projects; several are separated by commas.")
    trace: Ids = Field(default=[], description="Ids of traces; several are separated by commas.")
    batch: Ids = Field(default=[], description="Ids of batches; several are separated by commas.")
    newest: Flag = Field(
        default=False,
        description="Only those of the newest successful meter run of each trace and project; a run that has ended in "
        "the last second may be missing.",
    )

    def filters(self) -> _Page:
        """The filters, and the page, as the store expects them."""
        found: _Page = {
            "after": self.after,
            "limit": self.limit,
            "project": self.project,
            "trace": self.trace,
            "newest": self.newest,
        }
        if self.batch:
            found["within"] = ranges_of(self.batch)
        return found
