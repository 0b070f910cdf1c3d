"""What S3 holds of an upload: the file as it was sent, what the steps of its import pass on, and the rejected rows.

All of it is under the upload's own prefix, and the bucket's lifecycle deletes it after 30 days.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.settings import settings
from chalicelib.store.shared import documents
from chalicelib.store.shared.documents import URL_LIFETIME, client
from chalicelib.store.tables.uploads import Upload

FOLDER = "uploads"
FILE, REJECTED = "file", "rejected.csv"
WORK = "work/"  # under the upload's prefix: what the steps pass on
CHUNK = 4_000_000  # bytes read at a time
BINARY = "application/octet-stream"  # the type of what the steps pass on
_ARRIVED = re.compile(rf"{FOLDER}/(\d+)-([0-9a-f-]{{36}})/{FILE}")


class FileGoneError(Exception):
    """The file was deleted or replaced after it arrived."""


class Part(NamedTuple):
    """A part of a file that is sent in several: bytes [start, end)."""

    number: int
    start: int
    end: int


def key_of(upload: Upload, name: str = FILE) -> str:
    """The S3 key of something of an upload."""
    return f"{FOLDER}/{upload.id}-{upload.document}/{name}"


def arrived(key: str) -> tuple[int, str] | None:
    """The id and the document of the upload whose file has this key; None if it is no upload's file."""
    found = _ARRIVED.fullmatch(key)
    return (int(found[1]), found[2]) if found else None


def new_key(upload: Upload, kind: str) -> str:
    """A key for what an attempt of a step writes. No two attempts have the same."""
    return key_of(upload, f"{WORK}{kind}-{uuid.uuid4().hex}")


def put_url(upload: Upload) -> str:
    """A presigned URL to which the whole file is sent by PUT, valid for up to 12 hours."""
    at = {"Bucket": settings().bucket, "Key": key_of(upload)}
    return str(client().generate_presigned_url("put_object", Params=at, ExpiresIn=URL_LIFETIME))


def part_url(upload: Upload, number: int) -> str:
    """A presigned URL to which a part of the file is sent by PUT, valid for up to 12 hours."""
    return str(
        client().generate_presigned_url(
            "upload_part", Params={**_multipart(upload), "PartNumber": number}, ExpiresIn=URL_LIFETIME
        )
    )


def begin_parts(upload: Upload) -> str:
    """Begin to receive a file in parts. Returns the id of S3's multipart upload."""
    at = {"Bucket": settings().bucket, "Key": key_of(upload)}
    return str(client().create_multipart_upload(**at)["UploadId"])


def received_parts(upload: Upload) -> dict[int, dict[str, Any]] | None:
    """The parts of the file that have arrived, by number: for each, its Size and what `complete_parts` needs.

    None: they have become one file.
    """
    pages = client().get_paginator("list_parts").paginate(**_multipart(upload))
    try:
        return {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
        return None


def complete_parts(upload: Upload, received: dict[int, dict[str, Any]]) -> None:
    """Make one file of the parts."""
    parts = [{"PartNumber": number, "ETag": received[number]["ETag"]} for number in sorted(received)]
    client().complete_multipart_upload(**_multipart(upload), MultipartUpload={"Parts": parts})


def head(upload: Upload) -> tuple[int, str] | None:
    """The size in bytes and the ETag of the file; None if it has not arrived."""
    try:
        found = client().head_object(Bucket=settings().bucket, Key=key_of(upload))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):  # see documents.exists
            return None
        raise
    return found["ContentLength"], found["ETag"]


def stream(upload: Upload, start: int = 0) -> Any:
    """The file from a byte on, as a binary stream. Raises FileGoneError."""
    return _get(upload, Key=key_of(upload), IfMatch=upload.etag, Range=f"bytes={start}-")


def chunks(upload: Upload, start: int = 0) -> Iterator[bytes]:
    """The file from a byte on, in pieces. Raises FileGoneError."""
    body = stream(upload, start)
    while piece := body.read(CHUNK):
        yield piece


def read(upload: Upload, key: str, start: int, end: int) -> bytes:
    """The bytes [start, end) of the file, or of what a step has written. Raises FileGoneError."""
    if start == end:
        return b""
    same = {"IfMatch": upload.etag} if key == key_of(upload) else {}
    body: bytes = _get(upload, Key=key, Range=f"bytes={start}-{end - 1}", **same).read()
    return body


def remove_work(upload: Upload) -> None:
    """Delete what the steps have passed on."""
    _remove(key_of(upload, WORK))


def remove(upload: Upload) -> None:
    """Delete all of an upload, and accept no more parts."""
    if upload.multipart is not None and upload.status == "WAITING":
        try:
            client().abort_multipart_upload(**_multipart(upload))
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchUpload":
                raise
    _remove(key_of(upload, ""))


def remove_file(key: str) -> None:
    """Delete a file that belongs to no upload."""
    documents.delete(key)


def _remove(prefix: str) -> None:
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=settings().bucket, Prefix=prefix)
    documents.delete_many(entry["Key"] for page in pages for entry in page.get("Contents", []))


def _multipart(upload: Upload) -> dict[str, Any]:
    return {"Bucket": settings().bucket, "Key": key_of(upload), "UploadId": upload.multipart}


def _get(upload: Upload, **request: Any) -> Any:
    try:
        return client().get_object(Bucket=settings().bucket, **request)["Body"]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404, 412):
            raise FileGoneError(
                f"the file of upload {upload.id} was deleted or replaced while it was imported"
            ) from error
        raise
