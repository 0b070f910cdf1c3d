"""How many meter runs a request may make."""

from collections.abc import Sequence

from chalicelib.api.http.problems import error, invalid
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.shared.targets import MAX_RUNS, Limit
from chalicelib.store.runs.expansions import NO_RUNS
from chalicelib.store.runs.meter_runs import RunSpec

MAX_BULK_BYTES = 5_500_000  # of its response, below Lambda's limit of 6 MB
RUN_BYTES = 360  # per run in a response, without its arguments
SYNCHRONOUS = Limit("a synchronous request", "send the header Prefer: respond-async")
CHECK = Limit("a check", "give fewer targets")


def check_count(specs: Sequence[RunSpec], limit: Limit) -> None:
    """Raise the 400 Problem if a bulk request makes no runs, or too many for one response."""
    if not specs:
        raise invalid(error(NO_RUNS, "targets"))
    most = min(MAX_RUNS, MAX_BULK_BYTES * len(specs) // _response_bytes(specs))
    if len(specs) > most:
        detail = (
            f"These targets make {len(specs):,} runs; the limit of {limit.of} is {most:,}, so split them into several "
            f"requests, or {limit.advice}."
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
        total += RUN_BYTES + sizes[key]
    return total
