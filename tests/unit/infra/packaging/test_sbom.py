"""The software bill of materials is valid CycloneDX, complete, and the same for the same lock file."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import chalicelib
from infra.packaging import sbom
from infra.packaging.lean import FILES, METER_LOCK, WORKER, locked

PINS = """\
boto3==1.43.106 \\
    --hash=sha256:c11ad4c429a983493ba10014c7af9831a455c2c0eea91c1cefff74530e480277 \\
    --hash=sha256:fdf2e304f9e8864b8613591b18b36ee995560c9666033622eda1cb9057866880
    # via -r requirements/api.in
typing-extensions==4.15.0 ; python_version < '3.14' \\
    --hash=sha256:006870b3b4e40547232ad12c3bb4faec91bbbe0659aafaa3b7fa48a112c4ee97
    # via pydantic
"""


def _written(directory: Path, pins: str) -> Any:
    return json.loads(sbom.write(directory / "worker.zip", pins).read_text())


def test_each_package_has_its_version_its_package_url_and_the_hashes_of_the_lock_file(tmp_path: Path) -> None:
    document = _written(tmp_path, PINS)
    assert (tmp_path / "worker.cdx.json").exists()
    boto3, extensions = document["components"]
    assert (boto3["name"], boto3["version"], boto3["purl"]) == ("boto3", "1.43.106", "pkg:pypi/boto3@1.43.106")
    assert [one["content"][:8] for one in boto3["hashes"]] == ["c11ad4c4", "fdf2e304"]
    assert {one["alg"] for one in boto3["hashes"]} == {"SHA-256"}
    assert extensions["purl"] == "pkg:pypi/typing-extensions@4.15.0"
    root = document["metadata"]["component"]
    assert (root["name"], root["version"]) == ("eemeter-datastore-worker", chalicelib.__version__)


@pytest.mark.parametrize("pins", [PINS, locked(METER_LOCK, WORKER.packages), locked(FILES.lock, FILES.packages)])
def test_it_is_valid_and_the_same_each_time(tmp_path: Path, pins: str) -> None:
    path = sbom.write(tmp_path / "worker.zip", pins)
    first = path.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(first) is None
    path.unlink()
    assert sbom.write(tmp_path / "worker.zip", pins).read_text() == first
    pinned = [line.partition("==")[0] for line in pins.splitlines() if line[0].isalpha()]
    assert sorted(component["name"] for component in json.loads(first)["components"]) == sorted(pinned)


def test_another_lock_file_gives_another_serial_number(tmp_path: Path) -> None:
    changed = PINS.replace("1.43.106", "1.43.107")
    assert _written(tmp_path, PINS)["serialNumber"] != _written(tmp_path, changed)["serialNumber"]
