"""Build artifacts from the repository's files, once for each content."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from infra.locks import exclusive
from infra.sources import REPOSITORY

BUILDERS = ("infra/packaging", "infra/sources.py")
MAX_BUILDS = 5  # older ones are deleted


def fingerprint(names: Iterable[str], *facts: object) -> str:
    """Return a hash of these files and directories of the repository, and of the facts. Raises FileNotFoundError."""
    digest = hashlib.sha256(repr(facts).encode())
    for name in names:
        source = REPOSITORY / name
        if not source.exists():
            raise FileNotFoundError(f"{source} does not exist: correct the names passed to fingerprint.")
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file() and "__pycache__" not in path.parts:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(REPOSITORY)} {content}\n".encode())
    return digest.hexdigest()[:16]


def once(directory: Path, key: str, make: Callable[[Path], None]) -> Path:
    """Return the directory for this key. `make` fills a new one; a failure leaves nothing behind."""
    built = directory / key
    with exclusive(directory.with_name(f"{directory.name}.lock")):
        if built.exists():
            built.touch()
            return built
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".") as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            make(made)
            made.rename(built)
        for old in sorted(directory.glob("[!.]*"), key=lambda path: path.stat().st_mtime)[:-MAX_BUILDS]:
            shutil.rmtree(old, ignore_errors=True)
    return built
