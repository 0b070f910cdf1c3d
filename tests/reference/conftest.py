"""Shared by the replays of the reference documents."""

from collections.abc import Iterator

import pytest

from infra.local.stack import LocalStack, Running


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A separate stack for each document, because the documents' ids start at 1."""
    with LocalStack(tmp_path_factory.mktemp("reference")) as running:
        yield running
