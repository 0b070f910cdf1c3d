"""What is deployed to AWS: the template, and the zips with their bills of materials."""

import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.checks import transform
from infra.packaging import artifacts, package, sbom, zips
from infra.packaging.lean import FILES, MB, WORKER, Contents, find_python

pytestmark = pytest.mark.slow

MAX_API_SIZE = 40_000_000  # bytes unpacked; somebody waits for these functions' cold starts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("build")
    artifacts.make(directory)
    return directory


def unpacked(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.file_size for entry in archive.infolist()}


def files_of(contents: Contents, architecture: str, made: Path) -> dict[str, int]:
    """The files and sizes in a zip for an architecture; `made` has those for x86-64."""
    path = made / artifacts.zip_name(contents)
    if architecture != "x86_64":
        path = made / f"{contents.name}-{architecture}.zip"
        zips.make(path, contents, architecture)
    return unpacked(path)


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] in ("AWS::Serverless::Function", "AWS::Lambda::Function")
    }


@pytest.mark.parametrize("architecture", zips.LINUX_NAMES)
def test_the_workers_zip_has_the_models_and_our_code_within_awss_limit(made: Path, architecture: str) -> None:
    files = files_of(WORKER, architecture, made)
    assert sum(files.values()) <= WORKER.limit * MB < zips.MAX_SIZE
    eemeter = "eemeter/__init__.pyc" if find_python(zips.PYTHON) else "eemeter/__init__.py"
    assert {"app.py", "chalicelib/jobs/run_meter.py", eemeter, "eeweather/resources/metadata.db"} <= {*files}
    assert not {"numba", "sklearn", "statsmodels", "matplotlib"} & {name.split("/")[0] for name in files}
    libraries = [name for name in files if name.startswith("numpy/") and name.endswith(".so")]
    assert libraries
    assert all(f"-{zips.LINUX_NAMES[architecture]}-" in name for name in libraries)


@pytest.mark.parametrize("architecture", zips.LINUX_NAMES)
def test_the_zip_for_files_has_polars_and_no_models(made: Path, architecture: str) -> None:
    files = files_of(FILES, architecture, made)
    assert sum(files.values()) <= FILES.limit * MB < zips.MAX_SIZE
    assert {"app.py", "chalicelib/jobs/import_upload.py", "chalicelib/jobs/advance_export.py"} <= {*files}
    packages = {name.split("/")[0] for name in files}
    assert {"polars", "_polars_runtime_32", "defusedxml"} <= packages
    assert not {"eemeter", "numpy", "pandas", "pyarrow", "scipy"} & packages
    (library,) = (name for name in files if name.startswith("pydantic_core/") and name.endswith(".so"))
    assert f"-{zips.LINUX_NAMES[architecture]}-" in library  # the name of polars' library has no architecture


def test_only_these_functions_have_a_zip_and_runtime_of_their_own(made: Path) -> None:
    found = functions(package.read(made))
    for name, expected in {
        "worker.zip": {"MeterWorker", "CheckRuns"},
        "files.zip": {"ImportUpload", "AdvanceExport"},
    }.items():
        assert {function for function, of in found.items() if of.get("CodeUri") == f"./{name}"} == expected
        assert {found[function]["Runtime"] for function in expected} == {f"python{zips.PYTHON}"}
    assert {name for name, of in found.items() if of["Architectures"] != ["x86_64"]} == set()
    assert sum(unpacked(made / "deployment.zip").values()) <= MAX_API_SIZE


def test_functions_with_zips_of_their_own_run_on_arm_and_eemeter_uses_openblas_for_arm(made: Path) -> None:
    template = package.read(made)
    artifacts.set_architecture(template, "arm64")
    for name, of in functions(transform.transformed(transform.uploaded(template))).items():
        has_eemeter, variables = name in ("MeterWorker", "CheckRuns", "HourlyWorker"), of["Environment"]["Variables"]
        on_arm = has_eemeter or name in ("ImportUpload", "AdvanceExport")
        assert of["Architectures"] == ["arm64" if on_arm else "x86_64"]
        assert variables["OPENBLAS_CORETYPE"] == ("ARMV8" if has_eemeter else "Haswell")
        assert variables["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize("name", [artifacts.API_ZIP, "worker.zip", "files.zip"])
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
    contents = []
    for number in range(2):
        os.utime(files[0], (number, number))
        zips._zip(sorted(files), tmp_path, tmp_path / f"{number}.zip")
        contents.append((tmp_path / f"{number}.zip").read_bytes())
    assert contents[0] == contents[1]
