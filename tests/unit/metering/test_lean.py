"""The daily and billing models without unneeded packages: in the lean tree, and in the full environment."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.metering import MeterFailure, run_meter
from infra.local import portfolio
from infra.packaging import lean
from infra.sources import REPOSITORY

pytestmark = pytest.mark.slow

Document = dict[str, Any]

HOURS = "il-gas-hdd-only-hourly"
RUNS = (
    ("il-gas-intercept-only-daily", "DailyModel"),
    ("il-electricity-cdd-hdd-daily", "DailyModel"),
    ("il-electricity-cdd-hdd-daily", "BillingModel"),
    ("il-electricity-cdd-hdd-billing_monthly", "BillingModel"),
    ("il-gas-hdd-only-billing_bimonthly", "BillingModel"),  # disqualified
    ("il-gas-hdd-only-billing_bimonthly", "CaltrackBillingModel"),
    ("il-electricity-cdd-hdd-billing_monthly", "CaltrackBillingModel"),
    (HOURS, "HourlyModel"),
    (HOURS, "HourlyCaltrackModel"),
)
UNUSED = ("numba", "llvmlite", "sklearn", "skfda", "statsmodels", "patsy", "pyarrow", "matplotlib", "requests", "pywt")

# outputs by sample and model, the peak resident size (MB), and the imported files of unused packages
RUN = """
import json, pathlib, re, sys
from chalicelib.metering import MeterFailure, run_meter

outputs = {}
for path in pathlib.Path(sys.argv[1]).iterdir():
    try:
        outputs[path.name] = json.dumps(run_meter(json.loads(path.read_text())))
    except MeterFailure as failure:
        outputs[path.name] = str(failure)
status = pathlib.Path("/proc/self/status")
resident = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024 if status.exists() else None
files = [getattr(module, "__file__", None) for name, module in sys.modules.items() if name.split(".")[0] in UNUSED]
print(json.dumps({"outputs": outputs, "resident": resident, "unused": files}))
"""


@pytest.fixture(scope="session")
def tree() -> Path:
    """The lean tree of this lock file; built if it does not exist, which takes a few seconds."""
    return lean.built()


@pytest.fixture(scope="session")
def inputs() -> dict[str, Document]:
    return {f"{sample} {model}": portfolio.meter_input(sample) | {"model_class": model} for sample, model in RUNS}


@pytest.fixture(scope="session")
def found(tree: Path, inputs: dict[str, Document], tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The output of RUN in the lean tree."""
    directory = tmp_path_factory.mktemp("lean")
    for name, document in inputs.items():
        (directory / name).write_text(json.dumps(document))
    done = lean.run_in_lean(tree, f"UNUSED = {UNUSED}" + RUN, str(directory))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def in_environment(code: str) -> str:
    """Run code in a new process with all packages, and return its output."""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
def test_the_lean_tree_gives_the_bytes_of_the_full_eemeter(
    run: tuple[str, str], found: Document, inputs: dict[str, Document]
) -> None:
    name = " ".join(run)
    if run[0] == HOURS:
        assert found["outputs"][name].startswith("This worker has no hourly models, only eemeter's daily and billing")
        return
    try:
        expected = json.dumps(run_meter(inputs[name], accelerate=False))
    except MeterFailure as failure:
        expected = str(failure)
    assert found["outputs"][name] == expected


def test_no_unused_package_was_imported(found: Document) -> None:
    assert found["unused"] == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not report a process's memory")
def test_a_run_needs_little_memory(found: Document) -> None:
    assert found["resident"] < 250


@pytest.mark.skipif(shutil.which("strip") is None, reason="binutils is not installed")
def test_the_tree_is_small(tree: Path) -> None:
    sizes = lean.by_package(tree)
    assert sum(sizes.values()) < lean.ENGINE.limit * lean.MB, lean.table(sizes)


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("from eemeter.eemeter import HourlyModel", "eemeter.eemeter.HourlyModel"),
        ("import eemeter; eemeter.drmeter", "eemeter.drmeter"),
        ("from eemeter.common import test_data", "eemeter.common.test_data"),
        ("from eemeter.eemeter.common import features; features.smf.wls('a ~ b')", "statsmodels.formula.api.wls"),
        ("from eemeter.eemeter.common import features; features.fit_temperature_bins([])", "iterate_segmented_dataset"),
        ("from eemeter.common import utils; utils.numba.prange(3)", "numba.prange"),
        ("import statsmodels", "No module named 'statsmodels'"),  # no stand-in remains
    ],
)
def test_accessing_a_missing_part_raises_an_error(tree: Path, code: str, missing: str) -> None:
    done = lean.run_in_lean(tree, f"import chalicelib.metering\n{code}")
    assert done.returncode == 1
    error = done.stderr.strip().splitlines()[-1]
    assert missing in error
    assert ("requirements-meter.txt" in error) != (code == "import statsmodels")


def test_the_daily_models_have_eemeters_import_path(tree: Path) -> None:
    names = "BillingBaselineData, BillingModel, BillingReportingData, DailyBaselineData, DailyModel, DailyReportingData"
    done = lean.run_in_lean(tree, f"import chalicelib.metering\nfrom eemeter.eemeter import {names}")
    assert done.returncode == 0, done.stderr


def test_the_environment_imports_no_more_than_it_needs() -> None:
    unneeded = {*UNUSED, "eemeter.drmeter", "eemeter.eemeter.models.hourly"} - {"numba", "llvmlite", "pyarrow"}
    code = f"import sys, chalicelib.metering; print(sorted({unneeded} & {{*sys.modules}}))"
    assert in_environment(code) == "[]"


def test_the_rest_of_eemeter_is_imported_on_access() -> None:
    code = """if True:
        import chalicelib.metering, pandas
        from eemeter.eemeter.models.daily import DailyModel as before
        import eemeter
        from eemeter.eemeter import DailyModel, HourlyModel
        from eemeter.eemeter.models.hourly.model import HourlyModel as real
        assert HourlyModel is real and DailyModel is before and eemeter.drmeter.__file__
        from eemeter.eemeter.common.features import fit_temperature_bins
        hours = pandas.date_range("2020", periods=100, freq="h")
        print(fit_temperature_bins(pandas.DataFrame({"temperature_mean": range(100)}, index=hours)).sum().item())
        """
    assert in_environment(code) == "1"


@pytest.mark.parametrize(
    "first", ["import eemeter", "import importlib.metadata as m; m.version = lambda name: '4.1.2'"]
)
def test_another_version_or_an_eemeter_imported_before_is_complete(first: str) -> None:
    code = f"{first}; import chalicelib.metering, sys; print('sklearn' in sys.modules, 'requests' in sys.modules)"
    assert in_environment(code) == "True True"
