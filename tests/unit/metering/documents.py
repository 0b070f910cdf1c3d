"""Meter inputs with other values, and parts of meter outputs."""

from collections.abc import Callable
from typing import Any

Document = dict[str, Any]


def with_values(document: Document, value: Callable[[int, float], float | None]) -> Document:
    """Return the document with `value(number, value)` as the value of each record that has one."""
    records = [
        {**record, "value": None if record["value"] is None else value(number, record["value"])}
        for number, record in enumerate(document["trace"]["records"])
    ]
    return {**document, "trace": {**document["trace"], "records": records}}


def derivative(output: Document, interpretation: str) -> Document:
    [found] = [item for item in output["derivatives"] if item["interpretation"] == interpretation]
    return dict(found)
