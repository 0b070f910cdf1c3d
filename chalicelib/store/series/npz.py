"""Columns as NumPy's .npz, written and read with the standard library.

Any NumPy opens a chunk, and the API needs none.
"""

import ast
import io
import struct
import zipfile
from array import array
from typing import TypeAlias

MAGIC = b"\x93NUMPY\x01\x00"
Array: TypeAlias = "array[int] | array[float]"
# as an array lies in the memory of every processor that Lambda has
DESCRIPTIONS = {"q": "<i8", "d": "<f8", "B": "|u1"}
TYPECODES = {description: typecode for typecode, description in DESCRIPTIONS.items()}


def pack(columns: dict[str, Array]) -> bytes:
    """A compressed .npz of named one-dimensional columns (int64, float64 or uint8)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, column in columns.items():
            header = repr({"descr": DESCRIPTIONS[column.typecode], "fortran_order": False, "shape": (len(column),)})
            padding = -(len(MAGIC) + 2 + len(header) + 1) % 64
            text = (header + " " * padding + "\n").encode("latin1")
            archive.writestr(f"{name}.npy", MAGIC + struct.pack("<H", len(text)) + text + column.tobytes())
    return buffer.getvalue()


def unpack(packed: bytes) -> dict[str, Array]:
    """The columns of a .npz that `pack` wrote."""
    columns = {}
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for member in archive.namelist():
            content = archive.read(member)
            start = len(MAGIC) + 2
            (length,) = struct.unpack_from("<H", content, len(MAGIC))
            header = ast.literal_eval(content[start : start + length].decode("latin1"))
            column: Array = array(TYPECODES[header["descr"]])
            column.frombytes(content[start + length :])
            columns[member.removesuffix(".npy")] = column
    return columns
