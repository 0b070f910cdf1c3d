"""How long does a cold start take before its handler runs?

    python -m benchmarks.speed.cold_import

prints the CPU seconds of `import app`, without the start of the interpreter, over 10 processes, and the same for only
the packages that app.py uses.
"""

import statistics
import subprocess
import sys

from infra.sources import REPOSITORY

STATEMENTS = {
    "import app": "import app",
    "only its packages": "import boto3, chalice, pydantic, pynamodb.models; from aws_lambda_powertools import Logger",
}
PROCESSES = 10


def cpu_seconds(statement: str) -> float:
    """Return the CPU seconds of a statement in a new process."""
    code = f"import time; began = time.process_time(); {statement}; print(time.process_time() - began)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    for name, statement in STATEMENTS.items():
        cpu_seconds(statement)
        times = [cpu_seconds(statement) for _ in range(PROCESSES)]
        spread = f"{min(times):.2f} to {max(times):.2f}"
        print(f"{name}: {statistics.median(times):.2f} s of CPU ({spread})")
    print("target: under 0.6 s")


if __name__ == "__main__":
    main()
