"""The filter specification of a trace group."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationInfo, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import OUTPUT, Body, small
from chalicelib.api.http.validation import BARE_BOOLEAN, BARE_FILTER, BOOLEAN, FILTER

MOST_NESTED = 20  # filter_booleans within one another
TARGET = r"^(project_id|trace_id|project_metadata\|[\s\S]+)$"
SINGLE = ["string", "number", "boolean", "null"]

Boolean = Literal["and", "or"]


def _known_target(target: str) -> str:
    kind, _, name = target.partition("|")
    if target not in ("project_id", "trace_id") and not (kind == "project_metadata" and name):
        raise ValueError(
            "A target is project_id, trace_id, or project_metadata| and the name of a field of the project's metadata, "
            "such as project_metadata|program"
        )
    return target


def _of_comparison(value: Any, info: ValidationInfo) -> Any:
    comparison = info.data.get("comparison")
    if comparison in ("in", "not in"):
        if not isinstance(value, list) or not all(map(_single, value)):
            raise ValueError(f"The comparison {comparison!r} needs a list of strings, numbers, true, false or null")
    elif comparison and not _single(value):  # there is none where it is wrong itself
        raise ValueError(f"The comparison {comparison!r} needs a string, a number, true, false or null")
    elif comparison in (">", ">=", "<", "<=") and (value is None or isinstance(value, bool)):
        raise ValueError(f"The comparison {comparison!r} needs a number or a string, which have an order")
    return value


def _single(value: Any) -> bool:
    return not isinstance(value, dict | list)


class Filter(Body):
    """A comparison of one value of a trace or its project."""

    target: Annotated[str, AfterValidator(_known_target)] = Field(
        description="What is compared: your own `project_id` or `trace_id`, or a field of the project's metadata.",
        examples=["project_metadata|program"],
        json_schema_extra={"pattern": TARGET},
    )
    comparison: Literal[">", ">=", "<", "<=", "==", "!=", "in", "not in"] = Field(description="How it is compared.")
    value: Annotated[Any, AfterValidator(_of_comparison)] = Field(
        description="What it is compared with; a list for `in` and `not in`, a single value for the others.",
        json_schema_extra={"type": [*SINGLE, "array"], "items": {"type": [*SINGLE]}},
    )

    def wrapped(self) -> dict[str, Any]:
        """The filter under its name, as it is kept."""
        return {"filter": self.model_dump()}


class FilterBoolean(Body):
    """Two filters, both of which should hold, or one of which is enough."""

    boolean: Boolean = Field(description="Whether both should hold or one is enough.")
    filter_a: "Node" = Field(description="The one.")
    filter_b: "Node" = Field(description="The other.")

    def wrapped(self) -> dict[str, Any]:
        """The filters under their name, as they are kept."""
        sides = {"filter_a": self.filter_a.wrapped(), "filter_b": self.filter_b.wrapped()}
        return {"filter_boolean": {"boolean": self.boolean, **sides}}


class FilterNode(Body):
    """A filter under its name."""

    filter: Filter

    def wrapped(self) -> dict[str, Any]:
        """The filter under its name, as it is kept."""
        return self.filter.wrapped()


class FilterBooleanNode(Body):
    """Two filters under their name."""

    filter_boolean: FilterBoolean

    def wrapped(self) -> dict[str, Any]:
        """The filters under their name, as they are kept."""
        return self.filter_boolean.wrapped()


@with_config(OUTPUT)
class FilterBooleanOut(TypedDict):
    """Two filters, both of which should hold, or one of which is enough."""

    boolean: Boolean
    filter_a: "NodeOut"
    filter_b: "NodeOut"


@with_config(OUTPUT)
class FilterBooleanNodeOut(TypedDict):
    """Two filters under their name."""

    filter_boolean: FilterBooleanOut


FORMS = {
    FILTER: {"filter"},
    BOOLEAN: {"filter_boolean"},
    BARE_FILTER: {"target", "comparison", "value"},
    BARE_BOOLEAN: {"boolean", "filter_a", "filter_b"},
}


def _form(node: Any) -> str | None:
    """The form of a node; None when it has none of them, or two at once."""
    forms = [form for form, names in FORMS.items() if isinstance(node, dict) and not names.isdisjoint(node)]
    return forms[0] if len(forms) == 1 else None


def _shallow(node: Any) -> Any:
    nested = _nested(node)
    if nested > MOST_NESTED:
        raise ValueError(f"The filters are nested {nested} deep, and at most {MOST_NESTED} are taken")
    return node


def _nested(node: Any) -> int:
    """How many filter_booleans there are within one another."""
    inner = node.get("filter_boolean", node) if isinstance(node, dict) else node
    sides = [inner[side] for side in ("filter_a", "filter_b") if side in inner] if isinstance(inner, dict) else []
    return 1 + max(map(_nested, sides)) if sides else 0


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
Specification = Annotated[Node, BeforeValidator(_shallow), BeforeValidator(small)]
NodeOut = FilterNode | FilterBooleanNodeOut
