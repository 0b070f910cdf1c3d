"""Data that outlive their stack. CloudFormation takes no condition there, so the template is written for it."""

from collections.abc import Mapping
from typing import Any

NAMED = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}  # what holds data, and by which name


def retain(template: Mapping[str, Any], pseudo: Mapping[str, str]) -> dict[str, Any]:
    """The template with tables and buckets that stay when the stack goes, and that the next stack can take in again.

    pseudo: the values of CloudFormation's pseudo parameters, since only a resource with a plain name is taken in.
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
        "Metadata": {"Data": "retain"},  # an update of nothing but policies is none to CloudFormation
        "Properties": {**resource["Properties"], name: plain},
    }
