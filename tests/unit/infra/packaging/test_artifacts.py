"""What is deployed to AWS: the template, and the zips of the API and of the worker with their bills of materials."""

import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.checks import transform
from infra.packaging import artifacts, package, sbom, worker
from infra.packaging.lean import MB, WORKER, find_python

pytestmark = pytest.mark.slow

MAX_API_SIZE = 40_000_000  # bytes unpacked; somebody waits for these functions' cold starts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("build")
    artifacts.make(directory)
    return directory


@pytest.fixture(scope="module")
def zips(made: Path) -> dict[str, Path]:
    """The worker's zip for each architecture."""
    worker.make(made / "arm64.zip", "arm64")
    return {"x86_64": made / artifacts.WORKER_ZIP, "arm64": made / "arm64.zip"}


def unpacked(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.file_size for entry in archive.infolist()}


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] in ("AWS::Serverless::Function", "AWS::Lambda::Function")
    }


@pytest.mark.parametrize("architecture", worker.LINUX_NAMES)
def test_the_workers_zip_has_the_models_and_our_code_within_awss_limit(
    zips: dict[str, Path], architecture: str
) -> None:
    files = unpacked(zips[architecture])
    assert sum(files.values()) <= WORKER.limit * MB < worker.MAX_SIZE
    eemeter = "eemeter/__init__.pyc" if find_python(worker.PYTHON) else "eemeter/__init__.py"
    assert {"app.py", "chalicelib/jobs/run_meter.py", eemeter, "eeweather/resources/metadata.db"} <= {*files}
    assert not {"numba", "sklearn", "statsmodels", "matplotlib"} & {name.split("/")[0] for name in files}
    libraries = [name for name in files if name.startswith("numpy/") and name.endswith(".so")]
    assert libraries
    assert all(f"-{worker.LINUX_NAMES[architecture]}-" in name for name in libraries)


def test_only_the_worker_and_the_check_have_the_workers_zip_and_runtime(made: Path) -> None:
    found = functions(package.read(made))
    assert {name for name, of in found.items() if of.get("CodeUri") == f"./{artifacts.WORKER_ZIP}"} == {
        "MeterWorker",
        "CheckRuns",
    }
    assert found["MeterWorker"]["Runtime"] == found["CheckRuns"]["Runtime"] == f"python{worker.PYTHON}"
    assert {name for name, of in found.items() if of["Architectures"] != ["x86_64"]} == set()
    assert sum(unpacked(made / "deployment.zip").values()) <= MAX_API_SIZE


def test_functions_with_eemeter_use_openblas_for_arm_on_arm(made: Path) -> None:
    template = package.read(made)
    artifacts.set_architecture(template, "arm64")
    for name, of in functions(transform.transformed(transform.uploaded(template))).items():
        has_eemeter, variables = name in ("MeterWorker", "CheckRuns", "HourlyWorker"), of["Environment"]["Variables"]
        assert of["Architectures"] == ["arm64" if has_eemeter else "x86_64"]
        assert variables["OPENBLAS_CORETYPE"] == ("ARMV8" if has_eemeter else "Haswell")
        assert variables["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize("name", [artifacts.API_ZIP, artifacts.WORKER_ZIP])
def test_the_bill_of_materials_lists_exactly_the_packages_in_the_zip(made: Path, name: str) -> None:
    listed = json.loads((made / name).with_suffix(sbom.SUFFIX).read_text())["components"]
    metadata = {match[1] for file in unpacked(made / name) if (match := re.match(r"([^/]+)\.dist-info/METADATA", file))}
    found = {entry.replace("_", "-").lower() for entry in metadata}
    expected = {f"{component['name']}-{component['version']}".lower() for component in listed}
    if name == artifacts.API_ZIP:
        expected = {entry for entry in expected if not entry.startswith("chalice-")}  # Chalice adds its module alone
    assert found == expected


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    files = []
    for name in ("b.py", "a.py"):
        (tmp_path / name).write_text(name)
        files.append(tmp_path / name)
    zips = []
    for number in range(2):
        os.utime(files[0], (number, number))
        worker._zip(sorted(files), tmp_path, tmp_path / f"{number}.zip")
        zips.append((tmp_path / f"{number}.zip").read_bytes())
    assert zips[0] == zips[1]
