"""Make all that a deployment to AWS takes.

`python -m infra.packaging.artifacts DIRECTORY` writes sam.yaml; deployment.zip, with the packages of
requirements.txt in it; and worker.zip, in which MeterWorker and CheckRuns have eemeter's daily and billing models.
`aws cloudformation package` and `deploy` take them from there.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from infra.packaging import worker
from infra.packaging.lean import MB, LeanError, find_python
from infra.packaging.package import PackagingError, package, read, write

WORKER_ZIP = "worker.zip"
# instead of what the template's Globals say to OpenBLAS, which is for x86-64; every Graviton can do what this one can
ON_ARM = {"OPENBLAS_CORETYPE": "ARMV8"}
LEAN = ("MeterWorker", "CheckRuns")  # have WORKER_ZIP
WITH_EEMETER = (*LEAN, "HourlyWorker")


def make(directory: Path, machine: str = "x86_64") -> None:
    """Write the template and both zips to a directory. machine: of WITH_EEMETER, x86_64 or arm64.

    Raises PackagingError, LeanError and WorkerError.
    """
    package(directory)
    size = worker.make(directory / WORKER_ZIP, machine)
    print(f"{WORKER_ZIP}: {size / MB:.0f} MB unpacked, for Lambda's Python {worker.PYTHON} on {machine}")
    if not find_python(worker.PYTHON):
        print(
            f"It holds sources, which a new worker spends two seconds to compile: no Python {worker.PYTHON} is here."
            f" Have python{worker.PYTHON} on the PATH, and its bytecode goes into the zip."
        )
    template = read(directory)
    fit(template, machine)
    write(directory, template)


def fit(template: dict[str, Any], machine: str) -> None:
    """Give WITH_EEMETER of a template what they have on a machine, and LEAN their zip."""
    resources = template["Resources"]
    for name in WITH_EEMETER:
        properties = resources[name]["Properties"]
        properties["Architectures"] = [machine]
        if machine == "arm64":
            properties.setdefault("Environment", {}).setdefault("Variables", {}).update(ON_ARM)
    for name in LEAN:
        resources[name]["Properties"] |= {"CodeUri": f"./{WORKER_ZIP}", "Runtime": f"python{worker.PYTHON}"}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.artifacts", description=__doc__)
    parser.add_argument("directory", type=Path, help="where")
    parser.add_argument(
        "--machine", choices=[*worker.MACHINES], default="x86_64", help="what the functions with eemeter run on"
    )
    given = parser.parse_args(arguments)
    make(given.directory.resolve(), given.machine)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (PackagingError, LeanError, worker.WorkerError) as error:
        sys.exit(str(error))
