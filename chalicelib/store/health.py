"""Whether the tables answer."""

from chalicelib.store import ids


def check() -> None:
    """Raises what keeps the store from answering."""
    ids.last("meter_runs")
