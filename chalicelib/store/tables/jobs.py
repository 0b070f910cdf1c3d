"""What all kinds of long work have in common that an execution of a state machine does step by step."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store.tables.attributes import IntegerAttribute
from chalicelib.store.tables.base import Table


class Job(Table):
    """Work that is left to do, in the steps of an execution."""

    document = UnicodeAttribute()  # makes the names of its executions unique, even if ids start again after a restore
    execution = IntegerAttribute(default=1)  # the number of the newest execution
    due = IntegerAttribute()  # epoch seconds when the reconciler checks the execution; each step extends it
