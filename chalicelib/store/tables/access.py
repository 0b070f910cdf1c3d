"""Bearer tokens and idempotency keys."""

from pynamodb.attributes import (
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.store.tables.base import Table, TableName, now


class Token(Table):
    """A bearer token, stored only as its hash."""

    class Meta:
        table_name = TableName("tokens")

    token_hash = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    scopes = UnicodeSetAttribute()
    expires = UTCDateTimeAttribute(null=True)
    added = UTCDateTimeAttribute(default_for_new=now)


class IdempotencyKey(Table):
    """The first request with an Idempotency-Key: what it created, and its response, a document in S3."""

    class Meta:
        table_name = TableName("idempotency")

    key = UnicodeAttribute(hash_key=True)
    owner = UnicodeAttribute()  # identifies the request that holds the key
    request_hash = UnicodeAttribute()
    accepted = JSONAttribute(null=True)  # what the request created; null until it is accepted, or if it creates nothing
    response = UnicodeAttribute(null=True)  # S3 key
    lease = NumberAttribute()  # epoch seconds until which a request without a response may still be running
    expires = TTLAttribute()
