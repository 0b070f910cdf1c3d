"""How many aggregation runs a request may make."""

from collections.abc import Sequence

from chalicelib.api.http.problems import error, invalid
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.rules.meter_run_limits import MAX_BULK_BYTES
from chalicelib.api.schemas.aggregation_runs import MAX_RUNS
from chalicelib.store.results.choosing import MAX_DERIVATIVES, MAX_IN_REQUEST, Chosen
from chalicelib.store.runs.aggregation_inputs import AggregationSpec

RUN_BYTES = 3_000  # per run in a response, without its ids; most of it is the presigned URL


def check_size(wanted: Sequence[tuple[AggregationSpec, Chosen]]) -> None:
    """Raise the 400 Problem if a bulk request has more runs, derivatives or ids than one request may have."""
    derivatives = sum(chosen.draft.rows.count for _, chosen in wanted)
    named = [[spec.projects, spec.traces, spec.derivatives] for spec, _ in wanted]
    if len(wanted) > MAX_RUNS:
        detail = (
            f"These targets make more than {MAX_RUNS} runs, the limit per request; split the targets into several "
            "requests."
        )
    elif derivatives > MAX_IN_REQUEST:
        detail = (
            f"These targets have more than {MAX_IN_REQUEST:,} derivatives, the limit per bulk request; split the "
            f"targets into several requests, or into single aggregation runs of up to {MAX_DERIVATIVES:,} each."
        )
    elif sum(RUN_BYTES + lambda_bytes(ids) for ids in named) > MAX_BULK_BYTES:
        detail = "The runs of these targets list more ids than fit into one response; split them into several requests."
    else:
        return
    raise invalid(error(detail, "targets"))
