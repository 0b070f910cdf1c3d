"""Whether the tables answer."""

from chalicelib.store.shared import ids


def check() -> None:
    """Raises what keeps the store from answering."""
    ids.last("meter_runs")
