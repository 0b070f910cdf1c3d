"""Build the package that the local stack deploys, once for each content."""

import sys
from importlib.metadata import version
from pathlib import Path

from infra.packaging.cache import fingerprint, once
from infra.packaging.package import MERGED, STATE_MACHINES, package
from infra.sources import SOURCES


def build(cache: Path) -> Path:
    """Return the directory with `sam.yaml` and `deployment.zip`. Raises PackagingError.

    The zip holds only our own code: MiniStack runs the functions in this virtual environment, on any architecture,
    while the packages in a zip for AWS are built for Lambda's.
    """
    content = (*SOURCES, *MERGED, *STATE_MACHINES.values(), "infra/packaging/package.py")
    key = fingerprint(content, sys.version_info[:2], version("chalice"))
    return once(cache / "builds", key, lambda directory: package(directory, requirements=False))
