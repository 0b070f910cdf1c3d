"""Write the table of what each function may do, from .chalice/policy-*.json: `python -m infra.checks.iam_table`."""

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.sources import REPOSITORY

PAGE = REPOSITORY / "docs" / "security.md"
POLICIES = REPOSITORY / ".chalice"
BEGIN, END = "<!-- begin infra/checks/iam_table.py -->\n", "<!-- end infra/checks/iam_table.py -->"
READS, WRITES, DELETES = "reads", "writes", "deletes"
EFFECTS = {
    "dynamodb:GetItem": (READS,),
    "dynamodb:BatchGetItem": (READS,),
    "dynamodb:Query": (READS,),
    "dynamodb:Scan": (READS,),
    "dynamodb:ConditionCheckItem": (READS,),
    "dynamodb:PutItem": (WRITES,),
    "dynamodb:UpdateItem": (WRITES,),
    "dynamodb:BatchWriteItem": (WRITES, DELETES),
    "dynamodb:DeleteItem": (DELETES,),
    "s3:GetObject": (READS,),
    "s3:ListBucket": (READS,),
    "s3:PutObject": (WRITES,),
    "s3:DeleteObject": (DELETES,),
    "sqs:ReceiveMessage": (READS,),
    "sqs:GetQueueAttributes": (READS,),
    "sqs:SendMessage": (WRITES,),
    "sqs:ChangeMessageVisibility": (WRITES,),
    "sqs:DeleteMessage": (DELETES,),
    "lambda:InvokeFunction": (READS,),  # only CheckRuns is called, which only reads
    "states:DescribeExecution": (READS,),
    "states:StartExecution": (WRITES,),
    "states:SendTaskSuccess": (WRITES,),
    "events:PutEvents": (WRITES,),
    "logs:CreateLogStream": (),  # every function writes its log
    "logs:PutLogEvents": (),
    "xray:PutTraceSegments": (),  # and its traces
    "xray:PutTelemetryRecords": (),
}
NAMES = (  # names of resources, by patterns of their ARNs
    (re.compile(r"arn:.+:dynamodb:.+:table/\$\{AWS::StackName}-(.+)"), r"\1"),
    (re.compile(r"\$\{Bucket\.Arn}/(.+)/\*"), r"\1/"),
    (re.compile(r"arn:.+:sqs:.+:\$\{AWS::StackName}-(.+)"), r"queue \1"),
    (re.compile(r"arn:.+:states:.+:(stateMachine|execution):\$\{AWS::StackName}-aggregation.*"), "executions"),
    (re.compile(r"arn:.+:states:.+:(stateMachine|execution):\$\{AWS::StackName}-batches.*"), "executions of jobs"),
    (re.compile(r"arn:.+:states:.+:(stateMachine|execution):\$\{AWS::StackName}-exports.*"), "executions of exports"),
    (re.compile(r"arn:.+:states:.+:(stateMachine|execution):\$\{AWS::StackName}-imports.*"), "executions of imports"),
    (re.compile(r"arn:.+:events:.+:event-bus/default"), "events"),
)
REFERENCES = {  # names of resources, by their logical ids
    "MeterQueue": "queue meter-runs",
    "HourlyQueue": "queue meter-runs-hourly",
    "MeterDeadLetterQueue": "queue meter-runs-dead",
    "CheckRuns": "function CheckRuns",
}
FUNCTION = re.compile(r"/aws/lambda/\$\{AWS::StackName}-(\w+)-\*")


def table() -> str:
    """Return the table in Markdown, one row per function."""
    rows = [f"| function | {READS} | {WRITES} | {DELETES} |", "|---|---|---|---|"]
    for path in sorted(POLICIES.glob("policy-*.json")):
        text = path.read_text()
        statements = json.loads(text)["Statement"]
        (function,) = set(FUNCTION.findall(text))
        rows.append(
            f"| {function} | " + " | ".join(_cell(statements, effect) for effect in (READS, WRITES, DELETES)) + " |"
        )
    return "\n".join(rows) + "\n"


def updated(page: str) -> str:
    """Return the page with the current table."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


def _cell(statements: list[dict[str, Any]], effect: str) -> str:
    names = {
        name
        for statement in statements
        if any(effect in _effects(action) for action in statement["Action"])
        for name in _resources(statement)
    }
    return ", ".join(sorted(names))


def _effects(action: str) -> tuple[str, ...]:
    if action not in EFFECTS:
        raise ValueError(f"infra/checks/iam_table.py does not know the action {action}: add its effects to EFFECTS")
    return EFFECTS[action]


def _resources(statement: dict[str, Any]) -> Iterator[str]:
    listed = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    for resource in listed:
        if statement["Action"] == ["states:SendTaskSuccess"]:
            yield "task tokens"
        elif "Fn::Sub" in resource:
            yield _named(resource["Fn::Sub"])
        elif resource == {"Fn::GetAtt": ["Bucket", "Arn"]}:
            yield from (prefix.removesuffix("*") for prefix in statement["Condition"]["StringLike"]["s3:prefix"])
        else:
            yield REFERENCES[resource["Fn::GetAtt"][0]]


def _named(arn: str) -> str:
    for pattern, name in NAMES:
        if pattern.fullmatch(arn):
            return pattern.sub(name, arn.partition("/index/")[0])
    raise ValueError(f"infra/checks/iam_table.py has no name for {arn}: add a pattern to NAMES")


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
