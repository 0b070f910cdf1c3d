"""The filter specification of a trace group."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationInfo, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import OUTPUT, Body, checked_json
from chalicelib.api.http.validation import BARE_BOOLEAN, BARE_FILTER, BOOLEAN, FILTER

MAX_NESTED = 20  # levels of filter_boolean
TARGET = r"^(project_id|trace_id|project_metadata\|[^\x00\uFFFD]+)$"
SCALAR_TYPES = ["string", "number", "boolean", "null"]

Boolean = Literal["and", "or"]


def _known_target(target: str) -> str:
    if not re.fullmatch(TARGET, target):
        raise ValueError(
            "The target should be project_id, trace_id, or project_metadata| followed by the name of a field of the "
            "project's metadata, such as project_metadata|program"
        )
    return target


def _checked_value(value: Any, info: ValidationInfo) -> Any:
    comparison = info.data.get("comparison")
    if comparison in ("in", "not in"):
        if not isinstance(value, list) or not all(map(_is_scalar, value)):
            raise ValueError(f"The comparison {comparison!r} needs a list of strings, numbers, true, false or null")
    elif comparison and not _is_scalar(value):  # absent if the comparison itself is invalid
        raise ValueError(f"The comparison {comparison!r} needs a string, a number, true, false or null")
    elif comparison in (">", ">=", "<", "<=") and (value is None or isinstance(value, bool)):
        raise ValueError(f"The comparison {comparison!r} needs a number or a string; other values have no order")
    return value


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _when(comparisons: list[str], types: list[str], otherwise: list[str] | None = None) -> dict[str, Any]:
    """The JSON schema that gives the types of the value for some comparisons, and for all others."""
    schema = {
        "if": {"properties": {"comparison": {"enum": comparisons}}},
        "then": {"properties": {"value": {"type": types}}},
    }
    return schema if otherwise is None else schema | {"else": {"properties": {"value": {"type": otherwise}}}}


class Filter(Body):
    """A comparison of one attribute of a trace or its project."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                _when(["in", "not in"], ["array"], otherwise=SCALAR_TYPES),
                _when([">", ">=", "<", "<="], ["string", "number"]),
            ]
        }
    )

    target: Annotated[str, AfterValidator(_known_target)] = Field(
        description="What is compared: your own `project_id` or `trace_id`, or a field of the project's metadata.",
        examples=["project_metadata|program"],
        json_schema_extra={"pattern": TARGET},
    )
    comparison: Literal[">", ">=", "<", "<=", "==", "!=", "in", "not in"] = Field(description="How it is compared.")
    value: Annotated[Any, AfterValidator(_checked_value)] = Field(
        description="What it is compared with: a list for `in` and `not in`, a single value for the others.",
        json_schema_extra={"type": [*SCALAR_TYPES, "array"], "items": {"type": [*SCALAR_TYPES]}},
    )

    def wrapped(self) -> dict[str, Any]:
        """The filter wrapped in its key, as it is stored."""
        return {"filter": self.model_dump()}


class FilterBoolean(Body):
    """Two filters joined by `and` or `or`."""

    boolean: Boolean = Field(description="`and`: both filters have to match. `or`: at least one has to match.")
    filter_a: "Node" = Field(description="The first filter.")
    filter_b: "Node" = Field(description="The second filter.")

    def wrapped(self) -> dict[str, Any]:
        """The filters wrapped in their key, as they are stored."""
        sides = {"filter_a": self.filter_a.wrapped(), "filter_b": self.filter_b.wrapped()}
        return {"filter_boolean": {"boolean": self.boolean, **sides}}


class FilterNode(Body):
    """A filter wrapped in its key."""

    filter: Filter

    def wrapped(self) -> dict[str, Any]:
        """The filter wrapped in its key, as it is stored."""
        return self.filter.wrapped()


class FilterBooleanNode(Body):
    """Two filters wrapped in their key."""

    filter_boolean: FilterBoolean

    def wrapped(self) -> dict[str, Any]:
        """The filters wrapped in their key, as they are stored."""
        return self.filter_boolean.wrapped()


@with_config(OUTPUT)
class FilterBooleanOut(TypedDict):
    """Two filters joined by `and` or `or`."""

    boolean: Boolean
    filter_a: "NodeOut"
    filter_b: "NodeOut"


@with_config(OUTPUT)
class FilterBooleanNodeOut(TypedDict):
    """Two filters wrapped in their key."""

    filter_boolean: FilterBooleanOut


FORMS = {
    FILTER: {"filter"},
    BOOLEAN: {"filter_boolean"},
    BARE_FILTER: {"target", "comparison", "value"},
    BARE_BOOLEAN: {"boolean", "filter_a", "filter_b"},
}


def _form(node: Any) -> str | None:
    """The form of a node; None if it has none of the forms, or more than one."""
    forms = [form for form, names in FORMS.items() if isinstance(node, dict) and not names.isdisjoint(node)]
    return forms[0] if len(forms) == 1 else None


def _check_depth(node: Any) -> Any:
    nested = _depth(node)
    if nested > MAX_NESTED:
        raise ValueError(f"The filters are nested {nested} levels deep, and at most {MAX_NESTED} levels are allowed")
    return node


def _depth(node: Any) -> int:
    """The number of levels of filter_boolean."""
    inner = node.get("filter_boolean", node) if isinstance(node, dict) else node
    sides = [inner[side] for side in ("filter_a", "filter_b") if side in inner] if isinstance(inner, dict) else []
    return 1 + max(map(_depth, sides)) if sides else 0


Node = Annotated[
    Annotated[FilterNode, Tag(FILTER)]
    | Annotated[FilterBooleanNode, Tag(BOOLEAN)]
    | Annotated[Filter, Tag(BARE_FILTER)]
    | Annotated[FilterBoolean, Tag(BARE_BOOLEAN)],
    Discriminator(
        _form,
        custom_error_type="filter_form",
        custom_error_message="This should be an object with either a filter or a filter_boolean",
    ),
]
Specification = Annotated[Node, BeforeValidator(_check_depth), BeforeValidator(checked_json)]
NodeOut = FilterNode | FilterBooleanNodeOut
