"""What all tests share."""

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)  # a busy machine may take long for a single example
settings.load_profile("no deadline")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slow tests first, so that at the end no process waits for another's."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
