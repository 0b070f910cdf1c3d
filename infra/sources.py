"""The part of this repository that runs on AWS."""

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = ("app.py", "chalicelib", ".chalice")


def copy(target: Path) -> None:
    """Copy the sources to a directory."""
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
