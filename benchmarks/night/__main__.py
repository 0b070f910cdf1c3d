"""`python -m benchmarks.night [RUNS ...]` prints the tables of docs/scale.md.

`--validate [RUNS]` compares the model with a batch on the local stack.
"""

import argparse

parser = argparse.ArgumentParser(prog="python -m benchmarks.night", description=__doc__)
parser.add_argument("runs", nargs="*", type=int, help="runs of each night; by default a million and ten million")
parser.add_argument(
    "--validate",
    nargs="?",
    type=int,
    const=5_000,
    metavar="RUNS",
    help="run a batch on the local stack (default 5,000)",
)
arguments = parser.parse_args()
if arguments.validate:
    from benchmarks.night.validation import main as validate

    validate(arguments.validate)
else:
    from benchmarks.night.report import main

    main(arguments.runs or [1_000_000, 10_000_000])
