"""What all tables share: their names, one connection, and the form of timestamps."""

import time
from datetime import UTC, datetime
from functools import cache

from pynamodb.connection import Connection, TableConnection
from pynamodb.models import Model

from chalicelib.settings import settings

# Seconds after which a write of a process that has lost its turn can no longer arrive: AWS refuses a signature that is
# older than 15 minutes, and a process signs a request when it sends it.
LATEST_WRITE = 20 * 60


def now() -> datetime:
    """The current time in the form of all stored timestamps: UTC, with microseconds."""
    return datetime.fromtimestamp(time.time(), UTC)  # a clock that tests can move


def latest_write() -> int:
    """The time, in epoch seconds, after which nothing that was begun before now can still be written."""
    return int(time.time()) + LATEST_WRITE


class TableName:
    """A table name that is resolved on access, since packaging imports this module without environment variables."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> str:
        return f"{settings().table_prefix}-{self.name}"


@cache
def connection() -> Connection:
    """The DynamoDB connection that all tables of this process share."""
    return Connection(connect_timeout_seconds=3, read_timeout_seconds=8, max_pool_connections=32)


class Table(Model):
    """A model that shares its DynamoDB client with all others, since creating a client takes 0.15 s of CPU time."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        own = super()._get_connection()
        own.connection._client = connection().client
        return own
