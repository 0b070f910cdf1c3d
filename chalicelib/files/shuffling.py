"""Divide rows into buckets by their key, so that all rows of a meter, in whatever parts of a file, come together."""

import io
import zlib

import polars as pl

KEY = "key"


def to_buckets(rows: pl.DataFrame, count: int) -> tuple[bytes, list[int]]:
    """The rows of each of `count` buckets, one after the other, and the offsets where each starts and the last ends."""
    if rows.is_empty():
        return b"", [0] * (count + 1)
    keys = rows[KEY].unique()
    # Not polars' own hash, which may differ between versions, and so between two workers during a deployment.
    numbers = pl.Series("bucket", [zlib.crc32(key.encode()) % count for key in keys], pl.UInt32)
    by_bucket = rows.join(pl.DataFrame([keys, numbers]), on=KEY, maintain_order="left").partition_by(
        "bucket", as_dict=True, include_key=False
    )
    body, offsets = io.BytesIO(), [0]
    for number in range(count):
        found = by_bucket.get((number,))
        if found is not None:
            found.write_ipc(body, compression="lz4")
        offsets.append(body.tell())
    return body.getvalue(), offsets


def from_bucket(pieces: list[bytes]) -> pl.DataFrame | None:
    """The rows of a bucket, from the parts of a file, in order of their lines; None if there are none."""
    frames = [pl.read_ipc(io.BytesIO(piece)) for piece in pieces if piece]
    return pl.concat(frames, how="vertical_relaxed").sort("line", maintain_order=True) if frames else None
