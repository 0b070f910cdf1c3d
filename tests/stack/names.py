"""Ids and names that nothing in the stack has."""

import uuid

ABSENT = 999_999_999


def unique() -> str:
    """A new name."""
    return uuid.uuid4().hex
