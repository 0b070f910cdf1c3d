"""Assemble the file tree of HourlyWorker's container image: eemeter's hourly models and our own code.

`python -m infra.packaging.hourly DIRECTORY` is what the Dockerfile runs, on the machine and the Python of the image.

numba's compiled functions are not in it: the hourly models, with and without our acceleration, never have it compile
one. As soon as eemeter is imported numba wants the sources of what it might compile all the same, and a directory to
keep it in.
"""

import sys
from pathlib import Path

from infra import sources
from infra.packaging.lean import UNUSED, WORKER, Contents, LeanError, build, table

HOURLY = Contents(
    "hourly",
    # all that eemeter imports; pyarrow, which it also requires, it does not
    (*WORKER.packages, "fdasrsf", "numba", "pywavelets", "scikit-fda", "scikit-learn", "statsmodels"),
    700,
    unused=UNUSED,
    sourced=("dcor", "eemeter"),
)


def make(target: Path) -> dict[str, int]:
    """Assemble the tree in a directory that is not there yet; what each package takes, in bytes. Raises LeanError."""
    sizes = build(target, HOURLY)
    sources.copy(target)
    return sizes


if __name__ == "__main__":
    try:
        print(table(make(Path(sys.argv[1]).resolve())))
    except LeanError as error:
        sys.exit(str(error))
