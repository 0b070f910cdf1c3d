"""The functions of the stack run with their own roles: actions that a role does not allow are denied."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from infra.local.stack import Running
from tests.stack.client import Api


@contextmanager
def without(iam: Any, role: str, action: str) -> Iterator[None]:
    """Removes an action from a role temporarily."""
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    before = json.dumps(document)
    for statement in document["Statement"]:
        actions = statement["Action"]
        statement["Action"] = [one for one in ([actions] if isinstance(actions, str) else actions) if one != action]
    document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
    assert json.dumps(document) != before, f"the role has no {action}"
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=before)


def role_of(aws: Callable[[str], Any], stack: Running, function: str) -> str:
    """The name of the role of a function of the stack, by the function's name in the template."""
    found = aws("cloudformation").describe_stack_resource(StackName=stack.stack, LogicalResourceId=function)
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    return str(aws("lambda").get_function_configuration(FunctionName=name)["Role"]).rpartition("/")[2]


def test_a_function_cannot_do_what_its_role_does_not_allow(api: Api, aws: Callable[[str], Any], stack: Running) -> None:
    def posted() -> int:
        record = {
            "station": "722880",
            "dataset": "observed",
            "start": "2001-01-01T00:00:00Z",
            "temperature": 1.0,
            "unit": "F",
        }
        return api.call("POST", "weather_records/", json=[record]).status_code

    assert posted() == 201
    with without(aws("iam"), role_of(aws, stack, "APIHandler"), "s3:PutObject"):
        assert posted() == 500
    assert posted() == 201
