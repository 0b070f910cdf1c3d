"""What goes to AWS: the template, the zip of the API, and that of the worker."""

import os
import zipfile
from pathlib import Path

import pytest

from infra import deployment, worker
from infra.package import read

MOST_OF_API = 40_000_000  # bytes unpacked: its functions start cold while somebody waits


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("build")
    deployment.make(directory)
    return directory


def unpacked(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.file_size for entry in archive.infolist()}


def test_the_worker_has_the_models_and_our_code_in_what_aws_takes(made: Path) -> None:
    files = unpacked(made / deployment.WORKER_ZIP)
    assert sum(files.values()) <= worker.MOST
    assert {"app.py", "chalicelib/jobs/run_meter.py", "eemeter/__init__.py", "eeweather/resources/metadata.db"} <= {
        *files
    }
    assert not {"numba", "sklearn", "statsmodels", "matplotlib"} & {name.split("/")[0] for name in files}
    assert all("x86_64" in name for name in files if name.startswith("numpy/") and name.endswith(".so"))


def test_the_template_gives_the_worker_its_own_zip_and_runtime(made: Path) -> None:
    functions = {
        name: resource["Properties"]
        for name, resource in read(made)["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert {name for name, of in functions.items() if of["CodeUri"] == f"./{deployment.WORKER_ZIP}"} == {"MeterWorker"}
    assert functions["MeterWorker"]["Runtime"] == f"python{worker.PYTHON}"
    assert sum(unpacked(made / "deployment.zip").values()) <= MOST_OF_API


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
