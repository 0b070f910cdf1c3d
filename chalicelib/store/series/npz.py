"""Write and read columns as NumPy .npz files, with only the standard library.

NumPy can open the chunks, but the API does not need it.
"""

import ast
import io
import struct
import zipfile
from array import array
from typing import TypeAlias

MAGIC = b"\x93NUMPY\x01\x00"
Array: TypeAlias = "array[int] | array[float]"
# the memory layout of arrays on all Lambda processors (little-endian)
DESCRIPTIONS = {"q": "<i8", "d": "<f8", "B": "|u1"}
TYPECODES = {description: typecode for typecode, description in DESCRIPTIONS.items()}


def pack(columns: dict[str, Array]) -> bytes:
    """Pack named one-dimensional columns (int64, float64 or uint8) as a compressed .npz file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, column in columns.items():
            header = repr({"descr": DESCRIPTIONS[column.typecode], "fortran_order": False, "shape": (len(column),)})
            padding = -(len(MAGIC) + 2 + len(header) + 1) % 64
            text = (header + " " * padding + "\n").encode("latin1")
            archive.writestr(f"{name}.npy", MAGIC + struct.pack("<H", len(text)) + text + column.tobytes())
    return buffer.getvalue()


def unpack(packed: bytes) -> dict[str, Array]:
    """The columns of an .npz file that `pack` wrote."""
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
