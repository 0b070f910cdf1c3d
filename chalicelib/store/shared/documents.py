"""JSON documents in S3, and the presigned URLs that clients open them with."""

import gzip
import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
import orjson
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib import deadline
from chalicelib.settings import settings

THREADS = 8
DELETED_AT_ONCE = 1_000  # the limit of DeleteObjects
LEVEL = 5  # of compression: a seventh of the size, in 9 ms for 1 MB; 6 saves 1% more in 14 ms
URL_LIFETIME = 12 * 3600  # seconds; a URL also expires with the role's credentials, which last at least an hour
# Without "virtual", a presigned URL names the global endpoint; other regions redirect, which breaks the signature.
CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    max_pool_connections=32,
    connect_timeout=3,  # seconds; a request must end within 29
    read_timeout=15,
)
_BEYOND_64_BITS = re.compile(rb"\d{20}")  # an integer of at least 20 digits
_NAME = re.compile(r"[0-9A-Za-z-]{1,64}\.json")  # of a document: its UUID
INPUTS, OUTPUTS = "meter_inputs", "meter_outputs"


@cache
def client() -> Any:
    """The S3 client of this process."""
    return boto3.client("s3", config=CONFIG)


def keys_of(document: str, attempts: int) -> list[str]:
    """All keys that a run with this many attempts may have written documents to, also in earlier versions."""
    return [*keys_of_attempts(document, attempts), f"{INPUTS}/{document}.json", f"{OUTPUTS}/{document}.json"]


def keys_of_attempts(document: str, attempts: int) -> list[str]:
    """The keys of a run's posted input, and of what its attempts write."""
    return [
        input_key(document),
        *(key(document, n) for n in range(1, attempts + 1) for key in (input_key, output_key)),
    ]


def input_key(document: str, attempt: int = 0) -> str:
    """The key of the complete meter input of a run's attempt (0: of the input that the client posted).

    Each attempt has keys of its own, so that a late write of a worker that has lost its claim changes nothing.
    """
    return f"{INPUTS}/{document}-{attempt}.json"


def output_key(document: str, attempt: int) -> str:
    """The key of the meter output of a run's attempt."""
    return f"{OUTPUTS}/{document}-{attempt}.json"


def put(key: str, document: Any) -> None:
    """Store a document as JSON, compressed. Browsers, curl --compressed and requests decompress it again."""
    client().put_object(
        Bucket=settings().bucket,
        Key=key,
        Body=gzip.compress(to_json(document), LEVEL, mtime=0),
        ContentType="application/json",
        ContentEncoding="gzip",
    )


def delete(key: str) -> None:
    """Delete a document, if it exists."""
    client().delete_object(Bucket=settings().bucket, Key=key)


def delete_many(keys: Iterable[str]) -> None:
    """Delete the documents that exist. Raises RuntimeError unless S3 deletes all, and DeadlineExceededError."""
    remaining = iter(keys)
    while block := list(islice(remaining, DELETED_AT_ONCE)):
        deadline.check()
        objects = [{"Key": key} for key in block]
        response = client().delete_objects(Bucket=settings().bucket, Delete={"Objects": objects, "Quiet": True})
        if failed := response.get("Errors"):
            raise RuntimeError(f"S3 did not delete {len(failed)} of {len(block)} objects: {failed[0].get('Code')}")


def copy(source: str, target: str) -> bool:
    """Store a copy of a document; False when it does not exist."""
    bucket = settings().bucket
    try:
        client().copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": source})
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):  # see `exists`
            return False
        raise
    return True


def put_bytes(key: str, content: bytes, content_type: str) -> None:
    """Store a file."""
    client().put_object(Bucket=settings().bucket, Key=key, Body=content, ContentType=content_type)


def get_bytes(key: str) -> bytes:
    """The content of a stored file."""
    body: bytes = client().get_object(Bucket=settings().bucket, Key=key)["Body"].read()
    return body


def join(sources: Sequence[str], target: str, content_type: str) -> None:
    """Store a file that consists of other files, which S3 copies. All but the last of them have at least 5 MB.

    Nobody sees it before it is complete; the bucket's lifecycle deletes what remains of an attempt that dies. Raises
    DeadlineExceededError.
    """
    at = {"Bucket": settings().bucket, "Key": target}
    upload = at | {"UploadId": client().create_multipart_upload(**at, ContentType=content_type)["UploadId"]}

    def copy_part(number: int, source: str) -> dict[str, Any]:
        deadline.check()
        copied = client().upload_part_copy(
            **upload, PartNumber=number, CopySource={"Bucket": settings().bucket, "Key": source}
        )["CopyPartResult"]
        return {"PartNumber": number} | {name: copied[name] for name in ("ETag", "ChecksumCRC32") if name in copied}

    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(copy_part, range(1, len(sources) + 1), sources))
    client().complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


def put_file(key: str, file: IO[bytes]) -> None:
    """Store a file that contains JSON, as it is: parts of it can be read."""
    client().put_object(Bucket=settings().bucket, Key=key, Body=file, ContentType="application/json")


class Upload:
    """A file that is stored in parts, and in any order. Nobody sees it before it is complete.

    The bucket's lifecycle deletes the parts of one that is never completed.
    """

    def __init__(self, key: str, content_type: str = "application/json") -> None:
        self._at = {"Bucket": settings().bucket, "Key": key}
        self._at["UploadId"] = client().create_multipart_upload(**self._at, ContentType=content_type)["UploadId"]
        self._parts: dict[int, dict[str, str]] = {}

    def put(self, number: int, part: bytes) -> None:
        """Store a part; their numbers, from 1, give their order. All but the last have at least 5 MB."""
        stored = client().upload_part(**self._at, PartNumber=number, Body=part)
        self._parts[number] = {name: stored[name] for name in ("ETag", "ChecksumCRC32") if name in stored}

    def complete(self) -> None:
        """Make one file of the parts."""
        parts = [{"PartNumber": number, **self._parts[number]} for number in sorted(self._parts)]
        client().complete_multipart_upload(**self._at, MultipartUpload={"Parts": parts})


def get_range(key: str, start: int, end: int) -> bytes:
    """The bytes [start, end) of a document."""
    response = client().get_object(Bucket=settings().bucket, Key=key, Range=f"bytes={start}-{end - 1}")
    body: bytes = response["Body"].read()
    return body


def get(key: str) -> Any:
    """The document stored under a key."""
    response = client().get_object(Bucket=settings().bucket, Key=key)
    body = response["Body"].read()
    if response.get("ContentEncoding") == "gzip":  # documents of earlier versions are not compressed
        body = gzip.decompress(body)
    if _BEYOND_64_BITS.search(body):  # orjson would read it as a float
        return json.loads(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:  # an unpaired surrogate, which a client may post as \ud800
        return json.loads(body)


def to_json(document: Any) -> bytes:
    """Encode a document as JSON. Raises ValueError for values that JSON cannot represent."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:  # an unpaired surrogate, or an integer beyond 64 bits
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()


def exists(key: str) -> bool:
    """Whether a document exists under a key."""
    try:
        client().head_object(Bucket=settings().bucket, Key=key)
    except ClientError as error:
        # S3 answers 403 for a missing key when the role may not list the bucket.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return False
        raise
    return True


def url(key: str) -> str:
    """A presigned URL for GET, valid for up to 12 hours."""
    location = {"Bucket": settings().bucket, "Key": key}
    return str(client().generate_presigned_url("get_object", Params=location, ExpiresIn=URL_LIFETIME))


def key_of(address: str) -> str | None:
    """The key of a meter input from its URL; None for any other URL. Its signature is not checked."""
    ours = urlsplit(url(f"{INPUTS}/"))
    try:
        given = urlsplit(address)
    except ValueError:  # such as http://[::1
        return None
    if (given.scheme, given.netloc) != (ours.scheme, ours.netloc) or not given.path.startswith(ours.path):
        return None
    name = given.path.removeprefix(ours.path)
    return f"{INPUTS}/{name}" if _NAME.fullmatch(name) else None
