"""Assemble the file tree of HourlyWorker's container image: eemeter's hourly models and our own code.

The Dockerfile runs `python -m infra.packaging.hourly DIRECTORY`, on the architecture and with the Python of the image.

The tree holds no functions compiled by numba, since the hourly models, with or without our acceleration, never use one.
But when eemeter is imported, numba needs the sources of the functions that it could compile, and a cache directory.
"""

import sys
from pathlib import Path

from infra import sources
from infra.packaging.lean import UNUSED, WORKER, Contents, LeanError, build, table

HOURLY = Contents(
    "hourly",
    # everything that eemeter imports; it requires pyarrow but does not import it
    (*WORKER.packages, "fdasrsf", "numba", "pywavelets", "scikit-fda", "scikit-learn", "statsmodels"),
    700,
    unused=UNUSED,
    sourced=("dcor", "eemeter"),
)


def make(target: Path) -> dict[str, int]:
    """Assemble the tree in a new directory. Return the bytes of each package. Raises LeanError."""
    sizes = build(target, HOURLY)
    sources.copy(target)
    return sizes


if __name__ == "__main__":
    try:
        print(table(make(Path(sys.argv[1]).resolve())))
    except LeanError as error:
        sys.exit(str(error))
