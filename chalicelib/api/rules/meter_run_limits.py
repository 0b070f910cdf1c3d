"""How many meter runs a request may make."""

from collections.abc import Sequence

from chalicelib.api.http.problems import error, invalid
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.shared.targets import MAX_RUNS, Serving
from chalicelib.store.runs.meter_runs import RunSpec

MAX_BULK_BYTES = 5_500_000  # of its response, below Lambda's limit of 6 MB
RUN_BYTES = 360  # per run in a response, without its arguments
URL_BYTES = 2_600  # of a presigned URL
SYNCHRONOUS = Serving("a synchronous request", "send the header Prefer: respond-async")
CHECK = Serving("a check", "give fewer targets")


def check_count(specs: Sequence[RunSpec], by: Serving) -> None:
    """Raise the 400 Problem if a bulk request makes no runs, or too many for one response."""
    if not specs:
        raise invalid(error("None of the targets has a trace to run; give targets with traces.", "targets"))
    limit = min(MAX_RUNS, MAX_BULK_BYTES * len(specs) // _response_bytes(specs))
    if len(specs) > limit:
        detail = (
            f"These targets make {len(specs):,} runs; the limit of {by.name} is {limit:,}, so split them into several "
            f"requests, or {by.advice}."
        )
        raise invalid(error(detail, "targets"))


def _response_bytes(specs: Sequence[RunSpec]) -> int:
    """About how large the response with these runs is, most of which may have the same arguments."""
    sizes: dict[tuple[int, ...], int] = {}
    total = 0
    for spec in specs:
        key = tuple(map(id, spec.arguments.values()))
        if key not in sizes:
            sizes[key] = lambda_bytes(spec.arguments)
        total += RUN_BYTES + sizes[key] + (URL_BYTES if spec.posted_input else 0)
    return total
