"""infra/deployment/stages.yaml: what it may say, and what is said of what it may not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.deployment import stages
from infra.deployment.stages import Stage, StageError
from infra.local.build import build
from infra.local.stack import CACHE
from infra.packaging import package

GOOD: dict[str, Any] = {
    "data": "delete",
    "architecture": "arm64",
    "hourly_models": False,
    "tags": {},
    "parameters": {},
}


@pytest.mark.parametrize("name", yaml.safe_load(stages.FILE.read_text()))
def test_each_stage_of_the_file_fits_the_template(name: str) -> None:
    stages.check(stages.read(name).parameters, package.read(build(CACHE)))


def test_a_stage_is_its_stack_and_its_tags() -> None:
    given = GOOD | {
        "data": "retain",
        "tags": {"team": "x", "number": 7, "stage": "y"},
        "parameters": {"LogRetention": 30},
    }
    stage = stages.parse("prod", given, "here")
    tags = {"project": "eemeter-datastore", "stage": "prod", "team": "x", "number": "7"}
    assert stage == Stage("prod", "retain", "arm64", False, tags, {"LogRetention": "30"})
    assert (stage.stack, stage.retained) == ("eemeter-datastore-prod", True)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("Prod", GOOD, "lower-case"),
        ("a-name-as-long-as-this", GOOD, "up to 14"),
        ("account", GOOD, "not account or artifacts"),
        ("x", GOOD | {"hourly_models": 0}, "hourly_models should be true or false, and is 0"),
        ("x", None, "it should have data, architecture, hourly_models, tags, parameters"),
        ("x", {"data": "delete"}, "see to 'architecture', 'hourly_models', 'parameters', 'tags'"),
        ("x", GOOD | {"region": "eu-central-1"}, "see to 'region'"),
        ("x", GOOD | {"data": "keep"}, "data should be retain or delete, and is 'keep'"),
        ("x", GOOD | {"architecture": "aarch64"}, "architecture should be x86_64 or arm64"),
        ("x", GOOD | {"hourly_models": "yes"}, "hourly_models should be true or false"),
        ("x", GOOD | {"tags": None}, "tags: it should be a map, such as {} when empty"),
        (
            "x",
            GOOD | {"parameters": {"Accelerate": True}},
            "Accelerate should be a number or a text, and is True; quote",
        ),
        ("x", GOOD | {"parameters": {"WorkerMemory": [1]}}, "WorkerMemory should be a number or a text"),
    ],
)
def test_a_stage_that_is_not_right_is_refused(name: str, given: Any, said: str) -> None:
    with pytest.raises(StageError) as refused:
        stages.parse(name, given, "here")
    assert said in str(refused.value)
    assert str(refused.value).startswith("here")


def test_an_unknown_stage_is_told_those_there_are(tmp_path: Path) -> None:
    file = tmp_path / "stages.yaml"
    file.write_text(yaml.dump({"dev": GOOD, "prod": GOOD, 2027: GOOD}, sort_keys=False))
    with pytest.raises(StageError, match=r"no stage 'test'; it has dev, prod, 2027\. .*make deploy STAGE=dev"):
        stages.read("test", file)


@pytest.mark.parametrize("content", ["dev: [", "- dev", ""])
def test_a_file_that_is_no_map_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "stages.yaml"
    file.write_text(content)
    with pytest.raises(StageError, match=str(file)):
        stages.read("dev", file)


def test_an_unknown_parameter_is_told_those_there_are() -> None:
    template: dict[str, Any] = {"Parameters": {"LogRetention": {}, "HourlyImage": {}}}
    with pytest.raises(StageError, match=r"no parameter LogRetentoin\. It has: LogRetention\."):
        stages.check({"LogRetentoin": "30"}, template)


@pytest.mark.parametrize("given", [{"QueueVisibility": "900"}, {"WorkerTimeout": "600", "QueueVisibility": "689"}])
def test_a_queue_waits_for_its_worker(given: dict[str, str]) -> None:
    template = package.read(build(CACHE))
    with pytest.raises(StageError, match=r"QueueVisibility is .* has to be 90 more than WorkerTimeout"):
        stages.check(given, template)
    stages.check({"WorkerTimeout": "600", "QueueVisibility": "690"}, template)
