"""The long equivalence test: `python -m tests.proof [COUNT]` fits the samples and COUNT simulated meters (default 500)
with eemeter and with the acceleration, with all models, and some with all settings; it prints differences and counts.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from tests.proof import meters
from tests.proof.compare import Case, differences, record
from tests.proof.variants import MODELS, SETTINGS

METERS_PER_SETTING = 4  # simulated


def cases(count: int, first: int = 0) -> Iterator[Case]:
    """Yield samples and simulated meters with all models, then each setting with its own meters and a sample."""
    for meter in chain(meters.samples(), meters.simulated(count, first)):
        for variant in MODELS:
            if variant == "billing" or "billing" not in meter.name:
                yield Case(meter, variant)
        if "billing" not in meter.name:
            yield Case(meters.bills(meter), "billing")
    of_samples = [*meters.samples(("daily",))]
    for number, variant in enumerate(SETTINGS):
        sample = of_samples[number % len(of_samples)]
        own = meters.simulated(METERS_PER_SETTING if count else 0, first + 1000 + METERS_PER_SETTING * number)
        for meter in (sample, *own):
            yield Case(meters.bills(meter) if "weighted" in variant else meter, variant)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=500, help="number of simulated meters")
    parser.add_argument("--first", type=int, default=0, help="number of the first simulated meter")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    seconds = [0.0, 0.0]
    start = time.monotonic()
    for case in cases(given.count, given.first):
        began = time.monotonic()
        theirs = record(case, accelerate=False)
        between = time.monotonic()
        ours = record(case, accelerate=True)
        ended = time.monotonic()
        seconds[0] += between - began
        seconds[1] += ended - between
        found = [*differences(theirs, ours)]
        counts["fits"] += 1
        counts["with a model"] += "parameters" in theirs
        counts["failures"] += "failure" in theirs
        counts["different"] += bool(found)
        if found:
            print(f"DIFFERENT {case}", *found[:8], sep="\n    ", flush=True)
        if counts["fits"] % 100 == 0:
            print(f"{time.monotonic() - start:6.0f} s  {dict(counts)}", flush=True)
    print(f"{dict(counts)}; eemeter {seconds[0]:.0f} s, accelerated {seconds[1]:.0f} s")
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
