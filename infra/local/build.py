"""The package that the local stack deploys, made once for the same content."""

import sys
from importlib.metadata import version
from pathlib import Path

from infra.packaging.cache import fingerprint, once
from infra.packaging.package import MERGED, STATE_MACHINES, package
from infra.sources import SOURCES


def build(cache: Path) -> Path:
    """The directory with `sam.yaml` and `deployment.zip`. Raises PackagingError.

    The zip holds our own code only: MiniStack runs the functions in this virtual environment, on whatever machine
    this is, while the packages that go into a zip for Lambda are built for Lambda's.
    """
    content = (*SOURCES, *MERGED, *STATE_MACHINES.values(), "infra/packaging/package.py")
    key = fingerprint(content, sys.version_info[:2], version("chalice"))
    return once(cache / "builds", key, lambda directory: package(directory, requirements=False))
