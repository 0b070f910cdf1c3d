"""checkov has no findings in what is deployed, except those that infra/checks/checkov.yaml explains."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.checks.checkov import SKIPS, CheckovError, Finding, apply_skips, findings
from infra.checks.transform import decided, transformed
from infra.sources import REPOSITORY
from tests.final_template import bare, full

pytestmark = pytest.mark.slow

BAD = {"Resources": {"Open": {"Type": "AWS::S3::Bucket", "Properties": {"AccessControl": "PublicRead"}}}}
WRITTEN = ("infra/deployment/account.yaml", "infra/packaging/Dockerfile")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    """The findings in all files, from one run, since checkov takes seconds to start."""
    directory = tmp_path_factory.mktemp("templates")
    made = {"bare.json": decided(transformed(bare())), "full.json": decided(transformed(full())), "bad.json": BAD}
    for name, template in made.items():
        (directory / name).write_text(json.dumps(template))
    return findings([*(directory / name for name in made), *(REPOSITORY / name for name in WRITTEN)])


@pytest.fixture
def skips() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(SKIPS.read_text())
    return entries


def test_every_finding_is_explained_and_every_skip_is_used(found: set[Finding], skips: list[dict[str, Any]]) -> None:
    unskipped, unused = apply_skips({finding for finding in found if finding.file != "bad.json"}, skips)
    assert sorted(unskipped) == []
    assert unused == []


def test_each_skip_has_a_reason(skips: list[dict[str, Any]]) -> None:
    assert all(len(skip["reason"].split()) > 5 for skip in skips)


def test_a_public_bucket_is_found(found: set[Finding]) -> None:
    assert {"CKV_AWS_20", "CKV_AWS_53"} <= {finding.check for finding in found if finding.file == "bad.json"}


def test_a_skip_covers_only_its_resource(skips: list[dict[str, Any]]) -> None:
    another = Finding("bare.json", "CKV_AWS_116", "AsyncFunction", "no dead-letter queue")
    unskipped, unused = apply_skips({another}, skips)
    assert unskipped == {another}
    assert "CKV_AWS_116 of Reconciler in bare.json" in unused


def test_a_file_that_checkov_cannot_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(CheckovError, match=r"broken\.json"):
        findings([tmp_path / "broken.json"])
