"""The chunks of series in S3. Each is written once, under a name that begins with the time, so names sort by age."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from chalicelib import deadline
from chalicelib.settings import settings
from chalicelib.store.series.npz import Array, pack, unpack
from chalicelib.store.shared.documents import client as s3_client

NAME_DIGITS = 17  # digits of the timestamp, in microseconds, at the start of a name
SUFFIX = ".npz"
WHOLE = "-whole"  # in the name of a chunk that replaces all older ones
THREADS = 16

Columns = dict[str, Array]


class GoneError(Exception):
    """A chunk was deleted after it was listed or named."""


def new_name(*, whole: bool = False) -> str:
    """A name for a chunk that is written now. whole: it replaces all older chunks of its series."""
    return f"{time.time_ns() // 1000:0{NAME_DIGITS}d}-{uuid.uuid4().hex[:12]}{WHOLE * whole}{SUFFIX}"


def name_after(key: str, ending: str) -> str:
    """A key that sorts directly after another, and before any that was or will be written later."""
    return f"{key.removesuffix(SUFFIX)}_{ending}{SUFFIX}"


def time_of(key: str) -> int:
    """When a chunk got its name, in microseconds since 1970 UTC."""
    return int(key.rpartition("/")[2][:NAME_DIGITS])


def is_whole(key: str) -> bool:
    """Whether a chunk replaces all older ones of its series."""
    return WHOLE in key


def keys(prefix: str) -> list[str]:
    """The keys of all chunks under a prefix, sorted by age."""
    pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=settings().bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def current(listed: list[str]) -> list[str]:
    """The keys without those of chunks that a later chunk has replaced, which are about to be deleted."""
    return listed[max((index for index, key in enumerate(listed) if is_whole(key)), default=0) :]


def write(key: str, columns: Columns, **conditions: str) -> None:
    """Write a chunk, on conditions of S3's PutObject."""
    s3_client().put_object(Bucket=settings().bucket, Key=key, Body=pack(columns), **conditions)


def read(wanted: list[str]) -> list[Columns]:
    """The columns of chunks. Raises GoneError and DeadlineExceededError."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(map(unpack, pool.map(_body, wanted)))


def remove(unwanted: list[str]) -> None:
    """Delete chunks. Raises DeadlineExceededError; some may be gone by then."""
    for first in range(0, len(unwanted), 1000):
        deadline.check()
        objects = [{"Key": key} for key in unwanted[first : first + 1000]]
        s3_client().delete_objects(Bucket=settings().bucket, Delete={"Objects": objects, "Quiet": True})


def _body(key: str) -> bytes:
    deadline.check()
    try:
        body: bytes = s3_client().get_object(Bucket=settings().bucket, Key=key)["Body"].read()
    except ClientError as error:
        # S3 answers 403 for a missing key when the role may list the bucket only by prefix.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            raise GoneError(key) from error
        raise
    return body
