"""Do what CloudFormation does with the template: apply SAM's transform, then resolve its conditions."""

import copy
from collections.abc import Mapping
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

Template = dict[str, Any]
NOTHING = {"Ref": "AWS::NoValue"}


def uploaded(template: Template) -> Template:
    """Return the template with its code in S3, as `aws cloudformation package` writes it."""
    template = copy.deepcopy(template)
    for name, resource in template["Resources"].items():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = f"s3://artifacts/{name}"
    return template


def with_values(template: Template, values: Mapping[str, Any]) -> Template:
    """Return the template with these values as its parameters' defaults."""
    given = {name: of | {"Default": values.get(name, of["Default"])} for name, of in template["Parameters"].items()}
    return template | {"Parameters": given}


def transformed(template: Template) -> Template:
    """Transform a SAM template to plain CloudFormation. Raises samtranslator's InvalidDocumentException."""
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    values = {name: of["Default"] for name, of in template["Parameters"].items()}
    plain: Template = translator.translate(copy.deepcopy(template), values)
    return plain


def decided(template: Template) -> Template:
    """Return what remains of a plain template when its parameters' defaults decide its conditions."""
    conditions = template["Conditions"]

    def value(side: Any) -> str:
        return str(template["Parameters"][side["Ref"]]["Default"] if isinstance(side, dict) else side)

    def holds(condition: Any) -> bool:
        [(function, of)] = condition.items()
        match function:
            case "Condition":
                return holds(conditions[of])
            case "Fn::Not":
                return not holds(of[0])
            case "Fn::And":
                return all(map(holds, of))
            case "Fn::Equals":
                return value(of[0]) == value(of[1])
        raise ValueError(f"{function} is not supported in conditions: add it to infra/checks/transform.py")

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if node.keys() == {"Fn::If"}:
                name, then, otherwise = node["Fn::If"]
                return resolve(then if holds(conditions[name]) else otherwise)
            values = {key: resolve(item) for key, item in node.items()}
            return {key: item for key, item in values.items() if item != NOTHING}
        if isinstance(node, list):
            return [item for item in map(resolve, node) if item != NOTHING]
        return node

    def remaining(section: str) -> Template:
        return {
            name: {key: resolve(item) for key, item in of.items() if key != "Condition"}
            for name, of in template[section].items()
            if "Condition" not in of or holds(conditions[of["Condition"]])
        }

    rest = {key: item for key, item in template.items() if key != "Conditions"}
    return rest | {"Resources": remaining("Resources"), "Outputs": remaining("Outputs")}
