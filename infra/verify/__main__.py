"""Verify that a deployment keeps its promises, and list what violates them: `python -m infra.verify --stack NAME`.

It only reads. Since requests go on meanwhile, it looks twice and lists what it has found both times; then it exits with
1. It holds all rows in memory, and reads the input of each aggregation.
"""

import argparse
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from infra.deployment.cloudformation import StackError
from infra.local.server import LocalStackError
from infra.local.target import STACK_HELP, use

WAIT = 60  # seconds between the two looks


def verify() -> int:
    """Print the invariants and their violations. Returns how many there are."""
    from chalicelib.settings import settings  # this and the next read the environment that `use` sets
    from infra.verify.invariants import INVARIANTS, violations
    from infra.verify.snapshot import Snapshot

    snapshot = Snapshot.take()
    found = set(violations(snapshot))
    print(
        f"The stack {settings().table_prefix} has {len(snapshot.runs):,} meter runs, "
        f"{len(snapshot.aggregation_runs):,} aggregation runs, {len(snapshot.traces):,} traces, "
        f"{len(snapshot.projects):,} projects and {len(snapshot.objects):,} objects."
    )
    if found:
        print(f"{len(found)} possible violations, which may be work in progress; looking again in {WAIT} s ...")
        time.sleep(WAIT)
        found &= set(violations(Snapshot.take()))
    for one in INVARIANTS:
        violating = sorted(violation.what for violation in found if violation.invariant == one.name)
        print(f"{'violated' if violating else 'holds   '}  {one.name}: {one.sentence}")
        for what in violating:
            print(f"          - {what}")
    print(f"{len(found)} violations." if found else "No invariant is violated.")
    return len(found)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m infra.verify", description="Verify that a deployment is sound.")
    parser.add_argument("--stack", metavar="NAME", help=STACK_HELP)
    stack = parser.parse_args().stack
    try:
        use(stack)
        sys.exit(1 if verify() else 0)
    except (LocalStackError, StackError, BotoCoreError, ClientError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
