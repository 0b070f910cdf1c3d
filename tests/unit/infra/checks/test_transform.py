"""The template after SAM's transform, to find errors that AWS would only report at deployment."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.checks.transform import Template, decided, transformed
from tests.final_template import bare, full

pytestmark = pytest.mark.slow

FINAL = {"bare": bare, "full": full}
WORKERS = {"MeterWorker", "HourlyWorker"}
ON_QUEUES = {
    "bare": {"MeterWorker", "HandleDeadLetter", "ReceiveUpload"},
    "full": {*WORKERS, "HandleDeadLetter", "ReceiveUpload"},
}
BATCHES = {"ReceiveUpload": 10}  # of messages; others receive them one by one
OPTIONS = ("--ignore-checks", "W2001")  # unused parameters: the resolved conditions no longer use theirs


@pytest.fixture(scope="module", params=FINAL)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def plain(kind: str) -> Template:
    return transformed(FINAL[kind]())


@pytest.fixture(scope="module")
def made(plain: Template) -> Template:
    """What CloudFormation creates with these parameters."""
    return decided(plain)


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: of["Properties"] for name, of in template["Resources"].items() if of["Type"] == kind}


def lint(template: Template, path: Path, *options: str) -> str:
    path.write_text(json.dumps(template, indent=1))
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(path), *options]
    return subprocess.run(command, capture_output=True, text=True).stdout


def test_cfn_lint_finds_nothing(plain: Template, tmp_path: Path) -> None:
    assert lint(plain, tmp_path / "plain.json") == ""


def test_no_resource_refers_to_one_that_is_left_out(made: Template, tmp_path: Path) -> None:
    assert lint(made, tmp_path / "made.json", *OPTIONS) == ""


def test_a_reference_to_a_resource_that_is_left_out_is_found(tmp_path: Path) -> None:
    template = transformed(bare())
    del template["Resources"]["HourlyQueueAge"]["Condition"]
    assert "HourlyQueue" in lint(decided(template), tmp_path / "made.json", *OPTIONS)


def test_every_function_has_a_role_and_its_code(made: Template) -> None:
    functions = of_type(made, "AWS::Lambda::Function")
    for name, function in functions.items():
        assert function["Role"]["Fn::GetAtt"][0] in made["Resources"], name
        if name == "HourlyWorker":
            assert function["Code"].keys() == {"ImageUri"}
            assert not function.keys() & {"Runtime", "Handler", "Layers"}
        else:
            assert function["Code"] == {"S3Bucket": "artifacts", "S3Key": name}
            assert function.keys() >= {"Runtime", "Handler"}, name


def test_there_is_one_stage_with_throttling_and_logs(made: Template) -> None:
    assert [of for of in of_type(made, "AWS::ApiGateway::Deployment").values() if "StageName" in of] == []
    (stage,) = of_type(made, "AWS::ApiGateway::Stage").values()
    assert stage.keys() >= {"AccessLogSetting", "MethodSettings"}


def test_queues_are_read_only_by_their_workers(kind: str, made: Template) -> None:
    mappings = of_type(made, "AWS::Lambda::EventSourceMapping").values()
    assert {mapping["FunctionName"]["Ref"] for mapping in mappings} == ON_QUEUES[kind]
    for mapping in mappings:
        function = mapping["FunctionName"]["Ref"]
        assert mapping["BatchSize"] == BATCHES.get(function, 1)
        if function in WORKERS | BATCHES.keys():
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        if function in WORKERS:
            assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}}
