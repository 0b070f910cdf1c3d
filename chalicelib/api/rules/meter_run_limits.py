"""How many meter runs a request may make."""

from typing import Any

from chalicelib.api.http.problems import error, invalid
from chalicelib.api.http.serving import lambda_bytes

MAX_RUNS = 10_000  # per bulk request
MAX_BULK_BYTES = 5_500_000  # of its response, below Lambda's limit of 6 MB
RUN_BYTES = 360  # per run in a response, without its arguments


def check_count(count: int, arguments: dict[str, Any]) -> None:
    """Raise the 400 Problem if a bulk request makes no runs, or too many for one response."""
    if count == 0:
        raise invalid(error("None of the targets has a trace to run; give targets with traces.", "targets"))
    size = RUN_BYTES + lambda_bytes(arguments)
    limit = min(MAX_RUNS, MAX_BULK_BYTES // size)
    if count > limit:
        detail = f"These targets make {count:,} runs; the limit is {limit:,}, so split them into several requests."
        raise invalid(error(detail, "targets"))
