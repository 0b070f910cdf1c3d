"""Alarms and the dashboard use existing metrics, and docs/operations.md explains each alarm."""

import json
import re
from typing import Any

import pytest
import yaml

from infra.local.build import build
from infra.local.stack import CACHE
from infra.packaging.package import STAGE
from infra.sources import REPOSITORY

STACK = "the-stack"
OWN: dict[str, set[str | None]] = {  # our own metrics, and their reasons
    "RunsScheduled": {None},
    "RunsSucceeded": {None},
    "RunsFailed": {None, "data", "sufficiency", "weather", "model", "machine"},
    "QueueSeconds": {None},
    "RunSeconds": {None},
    "EEmeterSeconds": {None},
    "AggregationsScheduled": {None},
    "AggregationsSucceeded": {None},
    "AggregationsFailed": {None, "data", "machine"},
    "ReconciledRuns": {None},
}
WATCHED = {
    ("AWS/Lambda", "FunctionName"): "AWS::Serverless::Function",
    ("AWS/SQS", "QueueName"): "AWS::SQS::Queue",
    ("AWS/States", "StateMachineArn"): "AWS::StepFunctions::StateMachine",
    ("AWS/DynamoDB", "TableName"): "AWS::DynamoDB::Table",
}
METRICS = {
    "AWS/Lambda": {"Errors", "Throttles", "Invocations", "Duration", "ConcurrentExecutions"},
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
    },
    "AWS/States": {
        "ExecutionsStarted",
        "ExecutionsFailed",
        "ExecutionsAborted",
        "ExecutionThrottled",
        "ExecutionTime",
    },
    "AWS/DynamoDB": {
        "ConsumedReadCapacityUnits",
        "ConsumedWriteCapacityUnits",
        "ReadThrottleEvents",
        "WriteThrottleEvents",
    },
    "AWS/ApiGateway": {"Count", "4XXError", "5XXError", "Latency"},
}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    content = yaml.safe_load((build(CACHE) / "sam.yaml").read_text())
    found: dict[str, Any] = content["Resources"]
    return found


@pytest.fixture(scope="module")
def alarms(resources: dict[str, Any]) -> dict[str, Any]:
    """The alarms' properties, by their names without the stack's name."""
    properties = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    return {one["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"): one for one in properties}


@pytest.fixture(scope="module")
def dashboard(resources: dict[str, Any]) -> str:
    """The dashboard's body with hourly models."""
    text, variables = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, value in variables.items():
        _, there, _ = value["Fn::If"]
        text = text.replace(f"${{{name}}}", there.get("Fn::Sub") or f"${{{reference(there)}}}")
    assert isinstance(text, str)
    return text


def widgets(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text.replace("${AWS::StackName}", STACK))["widgets"]
    return found


def references(text: str) -> set[str]:
    return {name.partition(".")[0] for name in re.findall(r"\$\{(\w+(?:\.\w+)?)\}", text)}


def reference(value: Any) -> Any:
    """The logical id that an alarm or the dashboard refers to; other text unchanged."""
    if isinstance(value, dict):
        return STACK if value.get("Ref") == "AWS::StackName" else value.get("Ref") or value["Fn::GetAtt"][0]
    return re.sub(r"^\$\{(\w+)(\.\w+)?\}$", r"\1", value)


def check(resources: dict[str, Any], namespace: str, metric: str, dimensions: dict[str, Any]) -> None:
    """Assert that this metric exists."""
    where = f"{namespace} {metric} {dimensions}"
    if namespace == "EEmeterDatastore":
        assert dimensions.pop("service") == STACK, where
        assert dimensions.pop("reason", None) in OWN[metric], where
        assert not dimensions, where
        return
    assert metric in METRICS[namespace], where
    if namespace == "AWS/ApiGateway":
        assert dimensions == {"ApiName": STACK, "Stage": STAGE}, where
    elif dimensions:
        ((name, value),) = dimensions.items()
        assert resources[value]["Type"] == WATCHED[namespace, name], where
    else:
        assert (namespace, metric) in {("AWS/Lambda", "Throttles"), ("AWS/Lambda", "ConcurrentExecutions")}, where


def test_every_alarm_notifies_the_topic_and_refers_to_the_handbook(alarms: dict[str, Any]) -> None:
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["AlarmDescription"].endswith("(docs/operations.md)."), name
        assert alarm["TreatMissingData"] in ("breaching", "notBreaching"), name


def test_every_alarm_watches_an_existing_metric(resources: dict[str, Any], alarms: dict[str, Any]) -> None:
    for alarm in alarms.values():
        dimensions = {one["Name"]: reference(one["Value"]) for one in alarm.get("Dimensions", [])}
        check(resources, alarm["Namespace"], alarm["MetricName"], dimensions)


def test_alarms_of_hourly_models_exist_only_with_them(resources: dict[str, Any]) -> None:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            hourly = "Hourly" in json.dumps(resource["Properties"].get("Dimensions", []))
            assert resource.get("Condition") == ("HasHourlyModels" if hourly else None), name


def test_the_handbook_has_a_section_for_each_alarm(alarms: dict[str, Any]) -> None:
    handbook = (REPOSITORY / "docs" / "operations.md").read_text()
    chapter = handbook.partition("## Alarms\n")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^### (.+)$", chapter, flags=re.MULTILINE)) == sorted(alarms)


def test_the_dashboard_shows_existing_metrics(resources: dict[str, Any], dashboard: str) -> None:
    assert references(dashboard) <= resources.keys()
    for widget in widgets(dashboard):
        for namespace, metric, *others in widget["properties"].get("metrics", []):
            names = others[:-1]  # the last are display options
            dimensions = {name: reference(value) for name, value in zip(names[::2], names[1::2], strict=True)}
            check(resources, namespace, metric, dimensions)


def test_the_dashboard_shows_all_alarms_our_metrics_and_logs(resources: dict[str, Any], dashboard: str) -> None:
    shown = references(dashboard)
    for name, resource in resources.items():
        function_log = resource["Type"] == "AWS::Logs::LogGroup" and "/aws/lambda/" in json.dumps(resource)
        assert name in shown or not (resource["Type"] == "AWS::CloudWatch::Alarm" or function_log), name
    for metric in OWN:
        assert f'"{metric}"' in dashboard


def test_the_dashboard_is_complete_without_hourly_models(resources: dict[str, Any]) -> None:
    text, variables = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, value in variables.items():
        text = text.replace(f"${{{name}}}", value["Fn::If"][2])
    assert not any("Hourly" in name for name in references(text))
    assert widgets(text)


def test_every_log_has_the_retention_of_the_parameter(resources: dict[str, Any]) -> None:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Logs::LogGroup":
            assert resource["Properties"]["RetentionInDays"] == {"Ref": "LogRetention"}, name


def test_every_function_is_traced_and_may_write_its_traces(resources: dict[str, Any]) -> None:
    for name, function in resources.items():
        if function["Type"] == "AWS::Serverless::Function":
            assert function["Properties"]["Tracing"] == "Active", name
            role = resources[function["Properties"]["Role"]["Fn::GetAtt"][0]]
            (policy,) = role["Properties"]["Policies"]
            allowed = [of["Action"] for of in policy["PolicyDocument"]["Statement"]]
            assert ["xray:PutTraceSegments", "xray:PutTelemetryRecords"] in allowed, name


def test_access_log_lines_are_json(resources: dict[str, Any]) -> None:
    line = json.loads(resources["RestAPI"]["Properties"]["AccessLogSetting"]["Format"])
    assert line["request_id"] == "$context.requestId"  # as the functions' logs call it
