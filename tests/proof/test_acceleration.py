"""The short proof: eemeter's samples, a made meter of each kind, and each setting on one of its own."""

import pytest

from tests.proof import meters
from tests.proof.compare import Case, compared
from tests.proof.variants import SETTINGS


def short() -> list[Case]:
    """Some 150 fits; `python -m tests.proof` makes many more."""
    found = [Case(meter, "billing" if "billing" in meter.name else "current") for meter in meters.samples()]
    for number, meter in enumerate(meters.made(len(meters.KINDS))):
        found.append(Case(meter, "legacy") if number % 3 else Case(meters.bills(meter), "billing"))
        found.append(Case(meters.short(meter), "current"))
    for number, variant in enumerate(SETTINGS):
        meter = meters.short(meters.synthetic(1000 + number))
        found.append(Case(meters.bills(meter) if "weighted" in variant else meter, variant))
    return found


@pytest.mark.parametrize("case", short(), ids=str)
def test_a_fit_is_the_same_to_the_last_bit(case: Case) -> None:
    assert compared(case) == []
