"""The final template, after the transform that AWS would make of it: what AWS would refuse only then."""

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
ON_QUEUES = {"bare": {"MeterWorker", "BuryRun"}, "full": {"MeterWorker", "HourlyWorker", "BuryRun"}}
WORKERS = {"MeterWorker", "HourlyWorker"}
UNASKED = ("--ignore-checks", "W2001")  # of parameters that only conditions ask for, which are decided


@pytest.fixture(scope="module", params=FINAL)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def plain(kind: str) -> Template:
    return transformed(FINAL[kind]())


@pytest.fixture(scope="module")
def made(plain: Template) -> Template:
    """What CloudFormation makes under these parameters."""
    return decided(plain)


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: of["Properties"] for name, of in template["Resources"].items() if of["Type"] == kind}


def lint(template: Template, path: Path, *options: str) -> str:
    path.write_text(json.dumps(template, indent=1))
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(path), *options]
    return subprocess.run(command, capture_output=True, text=True).stdout


def test_cfn_lint_has_nothing_to_say(plain: Template, tmp_path: Path) -> None:
    assert lint(plain, tmp_path / "plain.json") == ""


def test_nothing_needs_what_its_parameters_leave_out(made: Template, tmp_path: Path) -> None:
    assert lint(made, tmp_path / "made.json", *UNASKED) == ""


def test_a_reference_to_what_is_left_out_is_found(tmp_path: Path) -> None:
    template = transformed(bare())
    del template["Resources"]["HourlyQueueAge"]["Condition"]
    assert "HourlyQueue" in lint(decided(template), tmp_path / "made.json", *UNASKED)


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


def test_there_is_one_stage_and_all_of_it_is_throttled_and_logged(made: Template) -> None:
    assert [of for of in of_type(made, "AWS::ApiGateway::Deployment").values() if "StageName" in of] == []
    (stage,) = of_type(made, "AWS::ApiGateway::Stage").values()
    assert stage.keys() >= {"AccessLogSetting", "MethodSettings"}


def test_queues_are_read_by_their_workers_alone(kind: str, made: Template) -> None:
    mappings = of_type(made, "AWS::Lambda::EventSourceMapping").values()
    assert {mapping["FunctionName"]["Ref"] for mapping in mappings} == ON_QUEUES[kind]
    for mapping in mappings:
        assert mapping["BatchSize"] == 1
        if mapping["FunctionName"]["Ref"] in WORKERS:
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}}
