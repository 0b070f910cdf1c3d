"""What is made of the repository's files, made once for the same content."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from infra.sources import REPOSITORY

BUILDERS = ("infra/packaging", "infra/sources.py")
KEPT = 5  # of the newest


def fingerprint(names: Iterable[str], *facts: object) -> str:
    """Changes with any file of these, which are files and directories of the repository, and with the facts."""
    digest = hashlib.sha256(repr(facts).encode())
    for name in names:
        source = REPOSITORY / name
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file() and "__pycache__" not in path.parts:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(REPOSITORY)} {content}\n".encode())
    return digest.hexdigest()[:16]


def once(directory: Path, key: str, make: Callable[[Path], None]) -> Path:
    """The directory of this key, filled by `make` unless it is there; whole or not at all, however that ends."""
    kept = directory / key
    if kept.exists():
        kept.touch()
        return kept
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".") as scratch:
        made = Path(scratch, "made")
        made.mkdir()
        make(made)
        if not kept.exists():  # another command may have made the same in the meantime
            made.rename(kept)
    for old in sorted(directory.glob("[!.]*"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return kept
