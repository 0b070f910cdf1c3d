"""The package that the local stack deploys, made once for the same content."""

import hashlib
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from infra.package import MERGED, REPOSITORY, SOURCES, STATE_MACHINES, package

KEPT_BUILDS = 5


def build(cache: Path) -> Path:
    """The directory with `sam.yaml` and `deployment.zip`. Raises PackagingError.

    The zip holds our own code only: MiniStack runs the functions in this virtual environment, on whatever machine
    this is, while the packages that go into a zip for Lambda are built for Lambda's.
    """
    builds = cache / "builds"
    directory = builds / _fingerprint()
    if directory.exists():
        directory.touch()
        return directory
    builds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=builds) as temporary:
        made = Path(temporary, "package")
        package(made, requirements=False)
        if not directory.exists():  # another command may have made the same in the meantime
            made.rename(directory)
    for old in sorted(builds.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_BUILDS]:
        shutil.rmtree(old, ignore_errors=True)
    return directory


def _fingerprint() -> str:
    """Changes with anything that the package is made of."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {version('chalice')}".encode())
    for name in (*SOURCES, *MERGED, *STATE_MACHINES.values(), "infra/package.py"):
        source = REPOSITORY / name
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file() and "__pycache__" not in path.parts:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(REPOSITORY)} {content}\n".encode())
    return digest.hexdigest()[:16]
