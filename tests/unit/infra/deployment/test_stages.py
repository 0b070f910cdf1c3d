"""infra/deployment/stages.yaml: what is valid, and the messages for what is not."""

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
def test_each_stage_in_the_file_matches_the_template(name: str) -> None:
    stages.check(stages.read(name).parameters, package.read(build(CACHE)))


def test_a_stage_has_a_stack_and_tags() -> None:
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
        ("account", GOOD, "not be account or artifacts"),
        ("x", GOOD | {"hourly_models": 0}, "hourly_models is 0; it must be true or false"),
        ("x", None, "it must have exactly these keys: data, architecture, hourly_models, tags, parameters"),
        ("x", {"data": "delete"}, "Missing or unknown: 'architecture', 'hourly_models', 'parameters', 'tags'"),
        ("x", GOOD | {"region": "eu-central-1"}, "Missing or unknown: 'region'"),
        ("x", GOOD | {"data": "keep"}, "data is 'keep'; it must be retain or delete"),
        ("x", GOOD | {"architecture": "aarch64"}, "architecture is 'aarch64'; it must be x86_64 or arm64"),
        ("x", GOOD | {"hourly_models": "yes"}, "hourly_models is 'yes'; it must be true or false"),
        ("x", GOOD | {"tags": None}, "tags: it is None; it must be a map, such as {} if empty"),
        (
            "x",
            GOOD | {"parameters": {"Accelerate": True}},
            "Accelerate is True; it must be a number or a string. Put",
        ),
        ("x", GOOD | {"parameters": {"WorkerMemory": [1]}}, "WorkerMemory is [1]; it must be a number or a string"),
    ],
)
def test_an_invalid_stage_is_refused(name: str, given: Any, said: str) -> None:
    with pytest.raises(StageError) as refused:
        stages.parse(name, given, "here")
    assert said in str(refused.value)
    assert str(refused.value).startswith("here")


def test_an_unknown_stage_lists_the_known_ones(tmp_path: Path) -> None:
    file = tmp_path / "stages.yaml"
    file.write_text(yaml.dump({"dev": GOOD, "prod": GOOD, 2027: GOOD}, sort_keys=False))
    with pytest.raises(StageError, match=r"no stage 'test'; it has dev, prod, 2027\. .*make deploy STAGE=dev"):
        stages.read("test", file)


@pytest.mark.parametrize("content", ["dev: [", "- dev", ""])
def test_a_file_that_is_not_a_map_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "stages.yaml"
    file.write_text(content)
    with pytest.raises(StageError, match=str(file)):
        stages.read("dev", file)


def test_an_unknown_parameter_lists_the_known_ones() -> None:
    template: dict[str, Any] = {"Parameters": {"LogRetention": {}, "HourlyImage": {}}}
    with pytest.raises(StageError, match=r"no parameter LogRetentoin\. It has: LogRetention\."):
        stages.check({"LogRetentoin": "30"}, template)


@pytest.mark.parametrize("given", [{"QueueVisibility": "900"}, {"WorkerTimeout": "600", "QueueVisibility": "689"}])
def test_the_queues_visibility_must_exceed_the_workers_timeout(given: dict[str, str]) -> None:
    template = package.read(build(CACHE))
    with pytest.raises(StageError, match=r"QueueVisibility is .*; it must be at least \d+: 90 more than WorkerTimeout"):
        stages.check(given, template)
    stages.check({"WorkerTimeout": "600", "QueueVisibility": "690"}, template)
    with pytest.raises(StageError, match="WorkerTimeout is '10 min'; it must be a whole number of seconds"):
        stages.check({"WorkerTimeout": "10 min"}, template)
