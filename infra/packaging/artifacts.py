"""Build everything that a deployment to AWS needs.

`python -m infra.packaging.artifacts DIRECTORY` writes sam.yaml; deployment.zip, with the packages of requirements.txt;
worker.zip, with eemeter's daily and billing models for MeterWorker and CheckRuns; and files.zip, with polars for
ImportUpload and AdvanceExport. `aws cloudformation package` and `aws cloudformation deploy` read them from there. Next
to each zip is its software bill of materials (sbom.py).
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from infra.packaging import sbom, zips
from infra.packaging.lean import FILES, MB, METER_LOCK, WORKER, Contents, LeanError, find_python, locked
from infra.packaging.package import REQUIREMENTS, PackagingError, package, read, write
from infra.sources import REPOSITORY

API_ZIP = "deployment.zip"  # Chalice's name
LEAN = {WORKER: ("MeterWorker", "CheckRuns"), FILES: ("ImportUpload", "AdvanceExport")}  # run from zips of their own
# The template's Globals set an x86-64 core type for OpenBLAS. On arm64 this replaces it; every Graviton supports it.
ON_ARM = {"OPENBLAS_CORETYPE": "ARMV8"}
WITH_EEMETER = (*LEAN[WORKER], "HourlyWorker")
OF_STAGE = (*WITH_EEMETER, *LEAN[FILES])  # the functions that have the stage's architecture


def make(directory: Path, architecture: str = "x86_64") -> None:
    """Write the template and all zips, with their bills of materials, to a directory.

    architecture: x86_64 or arm64, for the functions in OF_STAGE. Raises PackagingError, LeanError and ZipError.
    """
    package(directory)
    for contents in LEAN:
        target = directory / zip_name(contents)
        size = zips.make(target, contents, architecture)
        print(f"{target.name}: {size / MB:.0f} MB unpacked, for Lambda's Python {zips.PYTHON} on {architecture}")
        sbom.write(target, locked(contents.lock, contents.packages))
    if not find_python(zips.PYTHON):
        print(
            f"No Python {zips.PYTHON} was found, so these zips hold sources, which new workers compile in two seconds."
            f" Put python{zips.PYTHON} on the PATH to get bytecode instead."
        )
    sbom.write(directory / API_ZIP, (REPOSITORY / REQUIREMENTS).read_text() + locked(METER_LOCK, ["chalice"]))
    template = read(directory)
    set_architecture(template, architecture)
    write(directory, template)


def zip_name(contents: Contents) -> str:
    """Return the name of the zip with these contents."""
    return f"{contents.name}.zip"


def set_architecture(template: dict[str, Any], architecture: str) -> None:
    """Set the architecture of the functions in OF_STAGE and the zips of those in LEAN, in the template itself."""
    resources = template["Resources"]
    for name in OF_STAGE:
        resources[name]["Properties"]["Architectures"] = [architecture]
    if architecture == "arm64":
        for name in WITH_EEMETER:
            properties = resources[name]["Properties"]
            properties.setdefault("Environment", {}).setdefault("Variables", {}).update(ON_ARM)
    for contents, names in LEAN.items():
        for name in names:
            code = {"CodeUri": f"./{zip_name(contents)}", "Runtime": f"python{zips.PYTHON}"}
            resources[name]["Properties"] |= code


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.artifacts", description=__doc__)
    parser.add_argument("directory", type=Path, help="where to write them")
    parser.add_argument(
        "--architecture",
        choices=[*zips.LINUX_NAMES],
        default="x86_64",
        help="architecture of the functions that run eemeter or polars",
    )
    given = parser.parse_args(arguments)
    make(given.directory.resolve(), given.architecture)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (PackagingError, LeanError, zips.ZipError) as error:
        sys.exit(str(error))
