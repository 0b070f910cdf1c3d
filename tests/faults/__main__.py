"""Inject every fault at every call of every scenario, and print what came of it: `python -m tests.faults`.

It takes up to an hour on two cores. Names of scenarios as arguments limit it to those.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.faults import backend
from tests.faults.injection import Mode


def main(names: Sequence[str]) -> int:
    """Print a table row per scenario, and every violation. Returns the number of faults after which there was one."""
    from tests.faults.search import Outcome, search

    print(f"{'scenario':45} {'calls':>6} {'faults':>7} {'violated':>9} {'longest wait':>13} {'took':>7}")
    total: Counter[str] = Counter()
    broken: list[tuple[str, Outcome]] = []
    for name in names:
        began, calls, count, before, waited = time.perf_counter(), 0, 0, len(broken), 0
        for outcome in search(name, lambda points: points, os.cpu_count() or 1):
            if outcome.point is None:
                calls = len(outcome.calls)
            else:
                count += 1
            waited = max(waited, outcome.waited)
            if outcome.violations:
                broken.append((name, outcome))
        seconds, violated = time.perf_counter() - began, len(broken) - before
        print(f"{name:45} {calls:6,} {count:7,} {violated:9,} {_shown(waited):>13} {seconds:5.0f} s", flush=True)
        total.update(calls=calls, faults=count, violated=violated, seconds=round(seconds))
    print(f"{'all':45} {total['calls']:6,} {total['faults']:7,} {total['violated']:9,} {'':13} {total['seconds']:5,} s")
    print("\nA fault is one call in one of these ways:")
    for mode in Mode:
        print(f"  {mode.name:13} {mode.value}")
    for name, outcome in broken:
        print(f"\n{name}: {outcome.point or 'without a fault'}")
        for violation in outcome.violations:
            print(f"  {violation}")
    return len(broken)


def _shown(seconds: int) -> str:
    if not seconds:
        return "-"  # it has no runs
    return f"{seconds / 3600:,.1f} h" if seconds >= 7200 else f"{seconds // 60} min"


if __name__ == "__main__":
    with backend.environment():
        from tests.faults.scenarios import SCENARIOS

        parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Inject every fault.")
        parser.add_argument("scenario", nargs="*", help=f"one of: {', '.join(SCENARIOS)}; default: all")
        wanted = parser.parse_args().scenario or list(SCENARIOS)
        if unknown := [name for name in wanted if name not in SCENARIOS]:
            parser.error(f"there is no scenario {unknown[0]!r}; choose from: {', '.join(SCENARIOS)}")
        sys.exit(1 if main(wanted) else 0)
