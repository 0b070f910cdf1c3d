"""Tables and numbers in the format of docs/validation.md."""

import math
from collections.abc import Iterable, Sequence

from benchmarks.validation.coverage import Estimate

NONE = "–"  # noqa: RUF001
READINGS = {
    "billing_monthly": "monthly bills",
    "billing_bimonthly": "bimonthly bills",
    "daily": "days",
    "hourly": "hours",
}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. The header and all rows have the same length."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows))


def share(estimate: Estimate) -> str:
    """Format a percentage with its interval."""
    if math.isnan(estimate.value):
        return NONE
    return f"{estimate.value:.1f} ({estimate.low:.1f} to {estimate.high:.1f})"


def bias(estimate: Estimate) -> str:
    """Format a mean with the half-width of its interval."""
    if math.isnan(estimate.low):
        return NONE
    return f"{estimate.value:+.1f} ± {(estimate.high - estimate.low) / 2:.1f}"


def width(value: float) -> str:
    """Format a half-width in percent, without decimals if it is large."""
    if math.isnan(value):
        return NONE
    return "infinite" if math.isinf(value) else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
