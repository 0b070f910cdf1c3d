"""The short equivalence test: eemeter's samples, a simulated meter of each kind, and one for each setting."""

import pytest

from tests.proof import meters
from tests.proof.compare import Case, compared
from tests.proof.variants import SETTINGS


def short() -> list[Case]:
    """Return about 150 fits; `python -m tests.proof` runs many more."""
    found = [Case(meter, "billing" if "billing" in meter.name else "current") for meter in meters.samples()]
    for number, meter in enumerate(meters.simulated(len(meters.KINDS))):
        found.append(Case(meter, "legacy") if number % 3 else Case(meters.bills(meter), "billing"))
        found.append(Case(meters.short(meter), "current"))
    for number, variant in enumerate(SETTINGS):
        meter = meters.short(meters.simulated_meter(1000 + number))
        found.append(Case(meters.bills(meter) if "weighted" in variant else meter, variant))
    return found


@pytest.mark.parametrize("case", short(), ids=str)
def test_a_fit_is_bit_identical(case: Case) -> None:
    assert compared(case) == []
