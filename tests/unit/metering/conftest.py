"""Serialized meter inputs: eemeter's samples, read once."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.metering import run_meter
from infra.local import portfolio

Document = dict[str, Any]


@pytest.fixture(scope="session")
def bills() -> Document:
    """Twelve monthly electricity bills before the project, and twelve after it; read-only."""
    return portfolio.meter_input("il-electricity-cdd-hdd-billing_monthly")


@pytest.fixture(scope="session")
def days() -> Document:
    return portfolio.meter_input("il-gas-hdd-only-daily")


@pytest.fixture(scope="session")
def bills_output(bills: Document) -> Document:
    return run_meter(bills)


@pytest.fixture
def changed() -> Callable[..., Document]:
    """`changed(document, path, value)`: returns a copy with the value at the path; `...` removes the key."""

    def change(document: Document, path: str, value: Any) -> Document:
        key, _, rest = path.partition(".")
        if rest:
            return {**document, key: change(document[key], rest, value)}
        return {name: item for name, item in {**document, key: value}.items() if item is not ...}

    return change
