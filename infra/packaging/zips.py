"""Make a zip of a lean tree (infra/packaging/lean.py) and our own code, for Lambda.

The same content gives the same zip, byte for byte.
"""

import tempfile
import zipfile
from pathlib import Path

from infra import sources
from infra.packaging.lean import Contents, build

PYTHON = "3.13"  # of the runtime; the C library of 3.11's runtime is too old for NumPy's wheels
LINUX_NAMES = {"x86_64": "x86_64", "arm64": "aarch64"}  # Linux's name for each of Lambda's architectures
MAX_SIZE = 250 * 1024 * 1024  # bytes unpacked, AWS's limit
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can store


class ZipError(Exception):
    """The zip could not be made; the message says why."""


def make(target: Path, contents: Contents, architecture: str = "x86_64") -> int:
    """Write the zip for an architecture of Lambda's. Return its unpacked bytes. Raises LeanError and ZipError."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        tree = Path(scratch, "tree")
        build(tree, contents, architecture=LINUX_NAMES[architecture], python_version=PYTHON)
        sources.copy(tree)
        files = sorted(path for path in tree.rglob("*") if path.is_file())
        size = sum(path.stat().st_size for path in files)
        if size > MAX_SIZE:
            raise ZipError(f"{target.name} takes {size:,} bytes unpacked; AWS's limit is {MAX_SIZE:,}.")
        _zip(files, tree, target)
    return size


def _zip(files: list[Path], root: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(str(path.relative_to(root)), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
