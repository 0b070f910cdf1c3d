"""Uploads of files, and the steps of their imports."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.store.tables.attributes import CompressedAttribute, IntegerAttribute
from chalicelib.store.tables.base import Table, TableName, now
from chalicelib.store.tables.indexes import DueIndex


class Upload(Table):
    """A file with data: WAITING for the file, then PENDING, RUNNING, and SUCCESS or FAILED."""

    class Meta:
        table_name = TableName("uploads")

    id = IntegerAttribute(hash_key=True)
    kind = UnicodeAttribute()
    format = UnicodeAttribute()
    name = UnicodeAttribute(null=True)  # the client's name of the file
    size = IntegerAttribute(null=True)  # bytes; as announced, then as arrived
    columns = JSONAttribute(default=dict)
    options = JSONAttribute(default=dict)
    strict = BooleanAttribute(default=False)
    status = UnicodeAttribute(default="WAITING")
    failure_message = UnicodeAttribute(null=True)
    rejected_rows = UnicodeAttribute(null=True)  # S3 key
    counts = JSONAttribute(null=True)  # see store.uploads.steps.Counts; final, once the import has ended
    warnings = JSONAttribute(default=list)
    added = UTCDateTimeAttribute(default_for_new=now)
    ended = UTCDateTimeAttribute(null=True)

    document = UnicodeAttribute()  # names what is stored in S3
    multipart = UnicodeAttribute(null=True)  # the id of S3's multipart upload, if the file comes in parts
    etag = UnicodeAttribute(null=True)  # of the file that arrived
    layout = JSONAttribute(null=True)  # how to read the file's rows
    parts = JSONAttribute(null=True)  # of the file: for each, the S3 key, the first and the last byte, the first line
    buckets = IntegerAttribute(null=True)  # into which the rows are sorted by their keys
    announced = BooleanAttribute(default=False)  # whether the event of its end was sent
    open_shard = IntegerAttribute(null=True)  # removed once all is done
    due = IntegerAttribute(null=True)  # epoch seconds when the reconciler checks the upload

    due_index = DueIndex()


class UploadStep(Table):
    """What a step of an import does, or has done."""

    class Meta:
        table_name = TableName("upload_steps")

    upload = IntegerAttribute(hash_key=True)
    step = UnicodeAttribute(range_key=True)  # its kind and number
    is_done = BooleanAttribute(default=False)
    counts = JSONAttribute(default=dict)
    rejected = UnicodeAttribute(null=True)  # S3 key of the rows that it rejected
    warnings = JSONAttribute(default=list)
    rows = UnicodeAttribute(null=True)  # S3 key of the rows that it has read
    offsets = CompressedAttribute(
        null=True
    )  # in bytes, where the rows of each bucket start, and where the last one ends
