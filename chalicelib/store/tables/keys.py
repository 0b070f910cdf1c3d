"""The ids and the unique keys of the items in other tables."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store.tables.attributes import IntegerAttribute
from chalicelib.store.tables.base import Table, TableName


class Counter(Table):
    """The last id allocated for a resource."""

    class Meta:
        table_name = TableName("counters")

    resource = UnicodeAttribute(hash_key=True)
    last = IntegerAttribute(default=0)


class UniqueKey(Table):
    """The item that owns a unique key, such as `project_id#ABC`."""

    class Meta:
        table_name = TableName("unique_keys")

    key = UnicodeAttribute(hash_key=True)
    id = IntegerAttribute()
