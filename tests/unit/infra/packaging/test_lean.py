import importlib.util
import os
import shutil
import sys
from pathlib import Path

import annotated_types
import pytest

from infra.packaging import lean

LOCK = """\
alone==1 \\
    --hash=sha256:1
    # via -r requirements/meter.in
child==2 ; sys_platform == 'win32' \\
    --hash=sha256:2
    # via
    #   -c requirements-dev.txt
    #   alone
    #   parent
grand-child==3 \\
    --hash=sha256:3
    # via child
other==4 \\
    --hash=sha256:4
    # via alone
parent==5 \\
    --hash=sha256:5
    # via -r requirements/meter.in
"""


@pytest.mark.parametrize(
    ("packages", "names"),
    [
        (["parent"], ["child==2 ; sys_platform == 'win32'", "grand-child==3", "parent==5"]),
        (["alone"], ["alone==1"]),
        (["alone", "other"], ["alone==1", "other==4"]),
    ],
)
def test_requirements_of_a_package_are_included(tmp_path: Path, packages: list[str], names: list[str]) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCK)
    pins = lean.locked(lock, packages, alone=["alone"])
    assert [line.removesuffix(" \\") for line in pins.splitlines() if not line.startswith(" ")] == names
    assert pins.count("--hash=") == len(names)


def test_a_package_that_is_not_pinned_is_named() -> None:
    with pytest.raises(lean.LeanError, match=r"requirements-meter.txt does not pin 'polars'"):
        lean.locked(lean.METER_LOCK, ["polars"])


def test_the_engine_has_the_expected_packages() -> None:
    pins = lean.locked(lean.METER_LOCK, lean.ENGINE.packages)
    names = {line.partition("==")[0] for line in pins.splitlines() if line[:1].isalpha()}
    required = {"annotated-types", "pydantic-core", "python-dateutil", "pytz", "six", "typing-extensions"}
    assert names == {*lean.ENGINE.packages, *required, "typing-inspection", "tzdata"}


def test_a_tree_is_not_built_over_another(tmp_path: Path) -> None:
    with pytest.raises(lean.LeanError, match="already exists"):
        lean.build(tmp_path)


def test_a_failure_of_pip_is_reported(tmp_path: Path) -> None:
    wrong = tmp_path / "requirements.txt"
    wrong.write_text("six==1.17.0 \\\n    --hash=sha256:" + 64 * "0" + "\n")
    with pytest.raises(lean.LeanError, match=r"(?s)pip could not install the packages .*six"):
        lean.build(tmp_path / "tree", lean.Contents("six", ("six",), 1, lock=wrong))
    assert [*tmp_path.iterdir()] == [wrong]


def test_a_tree_is_reproducible_and_within_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install(tree: Path, pins: str, architecture: str | None, python_version: str | None) -> None:
        assert pins.startswith("annotated-types==")
        shutil.copytree(Path(annotated_types.__file__).parent, tree / "annotated_types")
        (tree / "annotated_types" / "tests").mkdir()
        (tree / "annotated_types" / "tests" / "test_it.py").touch()

    monkeypatch.setattr(lean, "_install", install)
    contents = lean.Contents("types", ("annotated-types",), 1)
    trees = []
    for name in ("one", "two"):
        sizes = lean.build(tmp_path / name, contents)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        assert sizes == {"annotated_types": sum(path.stat().st_size for path in files)}
        trees.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert trees[0] == trees[1]
    names = {path.as_posix() for path in trees[0]}
    assert "annotated_types/__init__.pyc" in names
    assert not any(name.endswith(".py") or "tests" in name or "__pycache__" in name for name in names)
    with pytest.raises(lean.LeanError, match=r"The tree takes \d MB; the limit is 0 MB:\n.*annotated_types"):
        lean.build(tmp_path / "three", contents._replace(limit=0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_only_a_working_python_of_that_version_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert lean.find_python(lean.THIS_PYTHON) == sys.executable
    assert lean.find_python("3.99") is None
    python = tmp_path / "python3.99"
    for script, found in (("exit 127", None), ("echo Python 3.9.9", None), ("echo Python 3.99.1", str(python))):
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        assert lean.find_python("3.99") == found


def test_sources_are_kept_next_to_bytecode_where_requested(tmp_path: Path) -> None:
    for name in ("kept", "replaced"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text("VALUE = 1\n")
    lean._compile(tmp_path, sys.executable, lean.THIS_PYTHON, ["kept"])
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    cached = importlib.util.cache_from_source("kept/module.py")
    assert files == {"kept/module.py", cached, "replaced/module.pyc"}


def test_the_zip_for_files_has_polars_and_no_numpy() -> None:
    pins = lean.locked(lean.FILES.lock, lean.FILES.packages)
    names = {line.partition("==")[0] for line in pins.splitlines() if line[:1].isalpha()}
    assert {*lean.FILES.packages, "botocore", "polars-runtime-32"} <= names
    assert not names & {"numpy", "pandas", "pip", "pyarrow", "setuptools"}


@pytest.mark.slow
def test_the_worker_has_everything_that_it_imports() -> None:
    modules = ["app", "chalicelib.jobs.run_meter", "chalicelib.metering.stations", "chalicelib.weather"]
    done = lean.run_in_lean(lean.built(lean.WORKER), "".join(f"import {module}\n" for module in modules))
    assert done.returncode == 0, done.stderr


IMPORT_AND_EXPORT = """
import io, pkgutil
from importlib import import_module
from datetime import UTC, datetime

import app, chalicelib.files, chalicelib.jobs.importing, chalicelib.store.exports
import chalicelib.jobs.advance_export, chalicelib.jobs.import_upload

for package in (chalicelib.files, chalicelib.jobs.importing, chalicelib.store.exports):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        import_module(module.name)

from chalicelib.files.options import Options
from chalicelib.files.parsing import parse
from chalicelib.files.recognition import recognize
from chalicelib.files.writing import Part
from chalicelib.store import events

body = b"trace_id,start,value,unit\\nm-1,2016-01-01T00:00:00Z,1.5,KWH\\nm-1,2016-01-02T00:00:00Z,x,KWH\\n"
layout = recognize(body, Options("trace_records"))
parsed = parse(body[layout.header_bytes :], layout, layout.header_lines + 1)
assert (parsed.rows.height, parsed.rejected.height) == (1, 1), parsed
part = Part("parquet", [("value", "number"), ("added", "time")], is_first=True)
part.add([[1.5, datetime(2016, 1, 1, tzinfo=UTC)]])
assert part.content()[:4] == b"PAR1"
events._client()
"""


@pytest.mark.slow
def test_the_tree_for_files_has_everything_that_it_imports_and_reads_and_writes_tables() -> None:
    environment = os.environ | {"AWS_DEFAULT_REGION": "eu-central-1"}
    done = lean.run_in_lean(lean.built(lean.FILES), IMPORT_AND_EXPORT, environment=environment)
    assert done.returncode == 0, done.stderr
