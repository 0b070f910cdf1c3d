"""The state machines: cfn-lint's checks, and those across states that it does not make."""

import copy
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.build import build
from infra.local.stack import CACHE

NAME = "AggregationStateMachine"
JOBS = [("BatchStateMachine", "AdvanceBatch"), ("ExportStateMachine", "AdvanceExport")]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((build(CACHE) / "sam.yaml").read_text())
    return content


@pytest.fixture(scope="module")
def definition(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][NAME]["Properties"]["Definition"]
    return found


def machines(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the state machine and those within its maps."""
    yield definition
    for state in definition["States"].values():
        if state["Type"] == "Map":
            yield from machines(state["ItemProcessor"])


def next_states(state: dict[str, Any]) -> set[str]:
    choices, catchers = state.get("Choices", []), state.get("Catch", [])
    return {one[key] for one in (state, *choices, *catchers) for key in ("Next", "Default") if key in one}


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        lambda states: states["Fan in"].pop("Next"),
        lambda states: states["Fan in"].update(Typ="Task"),
        lambda states: states["Sum chunks"]["ItemProcessor"].update(StartAt="Nowhere"),
        lambda states: states["Wait for batch"].update(TimeoutSeconds="long"),
    ],
)
def test_the_linter_finds_errors(
    template: dict[str, Any], tmp_path: Path, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    spoilt = copy.deepcopy(template)
    spoil(spoilt["Resources"][NAME]["Properties"]["Definition"]["States"])
    (tmp_path / "sam.yaml").write_text(yaml.safe_dump(spoilt))
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(tmp_path / "sam.yaml")]
    linted = subprocess.run(command, capture_output=True, text=True)
    assert "E3601" in linted.stdout


def test_every_state_can_be_reached_and_every_next_one_exists(definition: dict[str, Any]) -> None:
    for machine in machines(definition):
        reached, ahead = set[str](), {machine["StartAt"]}
        while ahead:
            name = ahead.pop()
            reached.add(name)
            ahead |= next_states(machine["States"][name]) - reached
        assert reached == set(machine["States"])


def test_every_step_is_retried_and_every_failure_is_recorded(definition: dict[str, Any]) -> None:
    for machine in machines(definition):
        for name, state in machine["States"].items():
            if state["Type"] == "Task":
                assert [one["ErrorEquals"] for one in state["Retry"]][-1] == ["States.ALL"], name
            if state["Type"] in ("Task", "Map") and machine is definition and name != "Record the failure":
                assert next_states({"Catch": state["Catch"]}) == {"Record the failure"}, name
            if state["Type"] == "Map":
                assert state["MaxConcurrency"] > 0, name


def test_its_role_may_call_the_functions_of_its_steps_and_no_other(template: dict[str, Any]) -> None:
    substitutions = template["Resources"][NAME]["Properties"]["DefinitionSubstitutions"]
    functions = [value for value in substitutions.values() if "Fn::GetAtt" in value]
    policy, report = template["Resources"][f"{NAME}Role"]["Properties"]["Policies"]
    assert {action.partition(":")[0] for of in report["PolicyDocument"]["Statement"] for action in of["Action"]} == {
        "logs",
        "xray",
    }
    allowed = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert allowed.keys() == {
        "lambda:InvokeFunction",
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
        "states:RedriveExecution",
    }
    assert sorted(map(str, allowed["lambda:InvokeFunction"])) == sorted(map(str, functions))
    for action in allowed.keys() - {"lambda:InvokeFunction"}:
        resources = allowed[action] if isinstance(allowed[action], list) else [allowed[action]]
        for resource in resources:
            name = resource["Fn::Sub"].partition("${AWS::AccountId}:")[2]
            assert name in {
                "stateMachine:${AWS::StackName}-aggregation",
                "execution:${AWS::StackName}-aggregation:*",
                "execution:${AWS::StackName}-aggregation/*",
            }


@pytest.mark.parametrize(("machine", "function"), JOBS)
def test_the_step_of_a_job_is_repeated_until_it_is_done(template: dict[str, Any], machine: str, function: str) -> None:
    states = template["Resources"][machine]["Properties"]["Definition"]["States"]
    name = re.sub(r"(?<=[a-z])([A-Z])", lambda capital: f" {capital[1].lower()}", function)
    step, choice = states[name], states["Is it done?"]
    assert [one["ErrorEquals"] for one in step["Retry"]][-1] == ["States.ALL"]
    assert (step["Next"], choice["Default"]) == ("Is it done?", name)
    assert [(one["Variable"], one["BooleanEquals"], one["Next"]) for one in choice["Choices"]] == [
        ("$.advanced.done", True, "Done")
    ]


@pytest.mark.parametrize(("machine", "function"), JOBS)
def test_the_role_of_jobs_may_only_call_their_step(template: dict[str, Any], machine: str, function: str) -> None:
    policy, report = template["Resources"][f"{machine}Role"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    substitutions = template["Resources"][machine]["Properties"]["DefinitionSubstitutions"]
    assert (statement["Action"], statement["Resource"]) == ("lambda:InvokeFunction", [substitutions[function]])
    assert report == template["Resources"][f"{NAME}Role"]["Properties"]["Policies"][1]
