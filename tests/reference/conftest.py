"""What the replays of the reference documents share."""

from collections.abc import Iterator

import pytest

from infra.local.stack import LocalStack, Running


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack of its own for each document, since they count ids from 1."""
    with LocalStack(tmp_path_factory.mktemp("reference")) as running:
        yield running
