"""Health check of the DynamoDB tables."""

from chalicelib.store.shared import ids


def check() -> None:
    """Read from a table; raises if DynamoDB does not respond."""
    ids.last("meter_runs")
