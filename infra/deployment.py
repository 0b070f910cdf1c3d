"""Make all that a deployment to AWS takes.

`python -m infra.deployment DIRECTORY` writes sam.yaml; deployment.zip, with the packages of requirements.txt in it; and
worker.zip, in which MeterWorker has eemeter's daily and billing models. `aws cloudformation package` and `deploy` take
them from there.
"""

import sys
from pathlib import Path

from infra import worker
from infra.lean import MB, LeanError
from infra.package import PackagingError, package, read, write

WORKER_ZIP = "worker.zip"


def make(directory: Path) -> None:
    """Write the template and both zips to a directory. Raises PackagingError, LeanError and WorkerError."""
    package(directory)
    size = worker.make(directory / WORKER_ZIP)
    print(f"{WORKER_ZIP}: {size / MB:.0f} MB unpacked, for Lambda's Python {worker.PYTHON} on x86-64")
    template = read(directory)
    properties = template["Resources"]["MeterWorker"]["Properties"]
    properties |= {"CodeUri": f"./{WORKER_ZIP}", "Runtime": f"python{worker.PYTHON}", "Architectures": ["x86_64"]}
    write(directory, template)


if __name__ == "__main__":
    try:
        make(Path(sys.argv[1]).resolve())
    except (PackagingError, LeanError, worker.WorkerError) as error:
        sys.exit(str(error))
