"""The steps of an upgrade; tests/stack/test_upgrade.py upgrades a stack of the previous version."""

from typing import Any

import pytest
import yaml

from infra.deployment import cloudformation, partitions, upgrade
from infra.deployment.cloudformation import Account, DesiredStack
from infra.packaging.package import dump

INDEXES = ("CREATING", "CREATING", "ACTIVE", "ACTIVE", "DELETING", "ACTIVE")
STACK = {
    "StackStatus": "UPDATE_COMPLETE",
    "Parameters": [{"ParameterKey": "LogRetention", "ParameterValue": "30"}],
    "Tags": [{"Key": "stage", "Value": "prod"}],
}


def template(version: str, *indexes: str) -> dict[str, Any]:
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    properties = {"KeySchema": key, "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}
    found = [{"IndexName": name, "KeySchema": key} for name in indexes]
    table = {"Type": "AWS::DynamoDB::Table", "Properties": properties | {"GlobalSecondaryIndexes": found}}
    return {"Resources": {"Runs": table}, "Version": version}


class Aws:
    """An account with one stack, or none, whose deployments and rows are only recorded."""

    def __init__(self, deployed: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch) -> None:
        self.deployed = deployed
        self.done: list[Any] = []
        self.indexes = iter(INDEXES)
        self.described: list[str] = []
        monkeypatch.setattr(upgrade, "POLL", 0)
        monkeypatch.setattr(upgrade, "describe", lambda *_: None if self.deployed is None else STACK)
        monkeypatch.setattr(cloudformation, "deploy", self.deploy)
        monkeypatch.setattr(partitions, "written", lambda *_: False)
        monkeypatch.setattr(
            partitions, "write", lambda *_, once=False: self.done.append("for good" if once else "rows")
        )

    def deploy(self, account: Account, desired: DesiredStack, bucket: str | None) -> bool:
        found = yaml.safe_load(desired.template)
        names = [index["IndexName"] for index in found["Resources"]["Runs"]["Properties"]["GlobalSecondaryIndexes"]]
        self.done.append((found["Version"], "".join(names), *desired.parameters.values(), *desired.tags.values()))
        return True

    def get_template(self, **_: str) -> dict[str, str]:
        return {"TemplateBody": dump(self.deployed)}

    def get_paginator(self, name: str) -> "Aws":
        assert name == "list_stack_resources"
        return self

    def paginate(self, **_: str) -> list[Any]:
        kinds = {"Runs": "AWS::DynamoDB::Table", "Old": "AWS::DynamoDB::Table", "Worker": "AWS::Lambda::Function"}
        resources = [
            {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": name}
            for name, kind in kinds.items()
        ]
        return [{"StackResourceSummaries": resources}]

    def describe_table(self, **asked: str) -> dict[str, Any]:
        assert asked == {"TableName": "Runs"}
        self.described.append(next(self.indexes, "ACTIVE"))
        status = {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [{"IndexStatus": self.described[-1]}]}
        return {"Table": status}


def desired(content: dict[str, Any]) -> DesiredStack:
    return DesiredStack("one", dump(content), {"LogRetention": "14"}, {"stage": "dev"})


def test_indexes_are_created_before_the_new_code_and_deleted_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(template("old", "a", "b"), monkeypatch)
    assert upgrade.deploy(Account({}, lambda _: aws), desired(template("new", "c", "d")))
    assert aws.done == [
        ("old", "abc", "30", "prod"),
        ("old", "abcd", "30", "prod"),
        "rows",
        ("new", "cdab", "14", "dev"),
        ("new", "cdb", "14", "dev"),
        ("new", "cd", "14", "dev"),
        "for good",
    ]
    assert aws.described[: len(INDEXES)] == list(INDEXES)


def test_a_new_stack_is_made_by_one_update(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(None, monkeypatch)
    assert upgrade.deploy(Account({}, lambda _: aws), desired(template("new", "a", "b")))
    assert aws.done == [("new", "ab", "14", "dev"), "for good"]


def test_without_a_change_of_indexes_there_is_one_update(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(template("old", "a", "b"), monkeypatch)
    monkeypatch.setattr(partitions, "written", lambda *_: True)
    assert upgrade.deploy(Account({}, lambda _: aws), desired(template("new", "a", "b")))
    assert aws.done == [("new", "ab", "14", "dev"), "for good"]
