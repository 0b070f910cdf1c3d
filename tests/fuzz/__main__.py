"""Fuzz the API for long: more than 20,000 requests. Further arguments are those of `schemathesis run`."""

import sys
import tempfile
from pathlib import Path

from tests.fuzz.fuzzing import fuzz

EXAMPLES = "550"  # per operation and phase

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        ended = fuzz(Path(directory), "--generation-database", "none", "--max-examples", EXAMPLES, *sys.argv[1:])
    print(ended.stdout)
    sys.exit(ended.returncode)
