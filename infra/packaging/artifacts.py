"""Build everything that a deployment to AWS needs.

`python -m infra.packaging.artifacts DIRECTORY` writes sam.yaml; deployment.zip, with the packages of requirements.txt;
and worker.zip, with eemeter's daily and billing models for MeterWorker and CheckRuns. `aws cloudformation package` and
`aws cloudformation deploy` read them from there. Next to each zip is its software bill of materials (sbom.py).
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from infra.packaging import sbom, worker
from infra.packaging.lean import LOCK, MB, WORKER, LeanError, find_python, locked
from infra.packaging.package import REQUIREMENTS, PackagingError, package, read, write
from infra.sources import REPOSITORY

API_ZIP = "deployment.zip"  # Chalice's name
WORKER_ZIP = "worker.zip"
# The template's Globals set an x86-64 core type for OpenBLAS. On arm64 this replaces it; every Graviton supports it.
ON_ARM = {"OPENBLAS_CORETYPE": "ARMV8"}
LEAN = ("MeterWorker", "CheckRuns")  # run from WORKER_ZIP
WITH_EEMETER = (*LEAN, "HourlyWorker")


def make(directory: Path, architecture: str = "x86_64") -> None:
    """Write the template and both zips, with their bills of materials, to a directory.

    architecture: x86_64 or arm64, for the functions in WITH_EEMETER. Raises PackagingError, LeanError and WorkerError.
    """
    package(directory)
    size = worker.make(directory / WORKER_ZIP, architecture)
    print(f"{WORKER_ZIP}: {size / MB:.0f} MB unpacked, for Lambda's Python {worker.PYTHON} on {architecture}")
    if not find_python(worker.PYTHON):
        print(
            f"No Python {worker.PYTHON} was found, so the zip holds sources, which new workers compile in two seconds."
            f" Put python{worker.PYTHON} on the PATH to get bytecode instead."
        )
    meter_lock = LOCK.read_text()
    sbom.write(directory / API_ZIP, (REPOSITORY / REQUIREMENTS).read_text() + locked(meter_lock, ["chalice"]))
    sbom.write(directory / WORKER_ZIP, locked(meter_lock, WORKER.packages))
    template = read(directory)
    set_architecture(template, architecture)
    write(directory, template)


def set_architecture(template: dict[str, Any], architecture: str) -> None:
    """Set the architecture of the functions in WITH_EEMETER and the zip of those in LEAN, in the template itself."""
    resources = template["Resources"]
    for name in WITH_EEMETER:
        properties = resources[name]["Properties"]
        properties["Architectures"] = [architecture]
        if architecture == "arm64":
            properties.setdefault("Environment", {}).setdefault("Variables", {}).update(ON_ARM)
    for name in LEAN:
        resources[name]["Properties"] |= {"CodeUri": f"./{WORKER_ZIP}", "Runtime": f"python{worker.PYTHON}"}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.artifacts", description=__doc__)
    parser.add_argument("directory", type=Path, help="where to write them")
    parser.add_argument(
        "--architecture",
        choices=[*worker.LINUX_NAMES],
        default="x86_64",
        help="architecture of the functions that run eemeter",
    )
    given = parser.parse_args(arguments)
    make(given.directory.resolve(), given.architecture)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (PackagingError, LeanError, worker.WorkerError) as error:
        sys.exit(str(error))
