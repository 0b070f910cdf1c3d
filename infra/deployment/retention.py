"""Keep data when their stack is deleted. Deletion policies accept no conditions, so this edits the template."""

from collections.abc import Mapping
from typing import Any

# The types of the resources that hold data, and the property with the resource's name.
NAMED = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}


def retain(template: Mapping[str, Any], pseudo: Mapping[str, str]) -> dict[str, Any]:
    """Return the template with tables and buckets that outlive the stack and that the next stack can import.

    pseudo: the values of CloudFormation's pseudo parameters; only resources with literal names can be imported.
    """
    resources = {name: _retained(resource, pseudo) for name, resource in template["Resources"].items()}
    return {**template, "Resources": resources}


def _retained(resource: dict[str, Any], pseudo: Mapping[str, str]) -> dict[str, Any]:
    if resource["Type"] not in NAMED:
        return resource
    name = NAMED[resource["Type"]]
    plain = resource["Properties"][name]["Fn::Sub"]
    for parameter, value in pseudo.items():
        plain = plain.replace(f"${{{parameter}}}", value)
    return {
        **resource,
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Metadata": {"Data": "retain"},  # CloudFormation ignores an update that changes only these policies
        "Properties": {**resource["Properties"], name: plain},
    }
