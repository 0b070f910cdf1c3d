"""The same fits without numba, in a process with only the packages of the lean tree."""

import itertools
import json
import os
from pathlib import Path

import pytest

from infra.packaging import lean
from tests.proof import meters
from tests.proof.compare import Case, dump
from tests.proof.variants import SETTINGS

pytestmark = pytest.mark.slow

CODE = "import runpy; runpy.run_module('tests.proof.compare', run_name='__main__')"


def test_fits_in_the_lean_tree_are_bit_identical(tmp_path: Path) -> None:
    samples = itertools.islice(meters.samples(), 0, None, 3)
    cases = [Case(meter, "billing" if "billing" in meter.name else "current") for meter in samples]
    cases += [Case(meters.short(meter), "current") for meter in meters.simulated(len(meters.KINDS), first=2000)]
    for number, name in enumerate(SETTINGS):
        if number % 5 == 0:
            cases.append(Case(meters.short(meters.simulated_meter(3000 + number)), name))
    dump(cases, tmp_path / "fits.json")
    # the environment may set the processor type for OpenBLAS
    done = lean.run_in_lean(lean.built(), CODE, str(tmp_path / "fits.json"), environment=os.environ)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == len(cases)
    assert {name: differences for name, differences in found.items() if differences} == {}
