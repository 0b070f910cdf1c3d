"""The package of MeterWorker and CheckRuns: the lean tree (infra/packaging/lean.py) with our own code, in a zip.

The same content gives the same zip, byte for byte.
"""

import tempfile
import zipfile
from pathlib import Path

from infra import sources
from infra.packaging.lean import WORKER, build

PYTHON = "3.13"  # of the runtime; 3.11's lacks the C library that NumPy's wheels are made for
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}  # Lambda's name of each architecture, and Linux's
MOST = 250 * 1024 * 1024  # bytes unpacked, AWS's own limit
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell


class WorkerError(Exception):
    """The package could not be made; the message says why."""


def make(target: Path, machine: str = "x86_64") -> int:
    """Write the zip for a machine by Lambda's name; the bytes that it takes unpacked. Raises LeanError, WorkerError."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        tree = Path(scratch, "tree")
        build(tree, WORKER, machine=MACHINES[machine], python_version=PYTHON)
        sources.copy(tree)
        files = sorted(path for path in tree.rglob("*") if path.is_file())
        size = sum(path.stat().st_size for path in files)
        if size > MOST:
            raise WorkerError(f"The worker's package takes {size:,} bytes unpacked, and AWS at most {MOST:,}.")
        _zip(files, tree, target)
    return size


def _zip(files: list[Path], root: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(str(path.relative_to(root)), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
