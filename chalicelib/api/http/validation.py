"""Input to typed values, and what pydantic finds wrong to sentences with pointers."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from chalicelib.api.http.fields import STATION, ZIPCODE, Query
from chalicelib.api.http.problems import MOST_ERRORS, ErrorItem, error, invalid

Q = TypeVar("Q", bound=Query)

# Members of a union, which pydantic puts into an error's path although they are no part of the body.
OBJECT, TEXT = "(object)", "(text)"
FILTER, BOOLEAN = "(filter)", "(filter_boolean)"
BARE_FILTER, BARE_BOOLEAN = "(bare filter)", "(bare filter_boolean)"
MEMBERS = (OBJECT, TEXT, FILTER, BOOLEAN, BARE_FILTER, BARE_BOOLEAN)

MOST_SHOWN = 60  # characters of a client's own text in a sentence

_SENTENCES = {
    "timezone_aware": "A timestamp needs an offset, such as Z or -08:00; this one is naive.",
    "datetime_type": "This should be an ISO 8601 timestamp in a string, such as 2016-09-28T23:57:21Z.",
    "finite_number": "This should be a finite number; JSON has no NaN and no Infinity.",
    "model_type": "This should be a JSON object.",
    "union_tag_not_found": "This should be a JSON object or a string.",
    "int_parsing": "This should be a valid integer.",
}
_PATTERNS = {
    STATION: "A station is a USAF id of six characters such as 724390.",
    ZIPCODE: "This should be a ZIP code of five digits such as 60601.",
}
# Where an id in the datastore is found by the client's own: the list, and its parameter.
_LISTS = {
    "trace": ("traces/", "trace_id"),
    "project": ("projects/", "project_id"),
    "traces": ("traces/", "trace_id"),
    "projects": ("projects/", "project_id"),
    "group": ("trace_groups/", "name"),
}


def from_json(adapter: TypeAdapter[Any], raw: bytes | str, *path: str | int) -> Any:
    """The value that JSON holds; `path` is where in the body it stands. Raises the 400 Problem."""
    try:
        return adapter.validate_json(raw)
    except ValidationError as problem:
        found = _errors(problem)
        listed = [_error(one, path, adapter.core_schema) for one in found[:MOST_ERRORS]]
        raise invalid(*listed, count=len(found)) from None


def from_text(raw: bytes) -> str:
    """The text of a body that is no JSON. Its reader refuses what it cannot read, so no byte is refused here."""
    return raw.decode("utf-8-sig", errors="replace")


def from_query(model: type[Q], parameters: dict[str, list[str]]) -> Q:
    """The query's values. Raises the 400 Problem, also for a parameter that is unknown or repeated."""
    repeated = [name for name, values in parameters.items() if len(values) > 1]
    if repeated:
        raise invalid(*(_of_parameter(name, f"The parameter {_shown(name)} may be given once.") for name in repeated))
    try:
        return model.model_validate_strings({name: values[0] for name, values in parameters.items()})
    except ValidationError as problem:
        listed = [
            _of_parameter(str(found["loc"][0]), _sentence(found, "parameter", model.model_fields))
            for found in _errors(problem)
        ]
        raise invalid(*listed) from None


def _errors(problem: ValidationError) -> list[ErrorDetails]:
    return problem.errors(include_url=False)


def _error(found: ErrorDetails, path: tuple[str | int, ...], schema: Any) -> ErrorItem:
    place = [part for part in found["loc"] if part not in MEMBERS]
    names = _fields(schema, found["loc"][:-1]) if found["type"] == "extra_forbidden" else ()
    return error(_sentence(found, "field", names), *path, *place)


def _fields(schema: Any, place: tuple[str | int, ...]) -> list[str]:
    """The names of the fields of the object at a place in a body; `schema` is pydantic's of the body."""
    try:
        for part in place:
            holder = _innermost(schema)
            schema = holder["items_schema"] if isinstance(part, int) else holder["fields"][part]
        return list(_innermost(schema)["fields"])
    except KeyError:  # the names serve a hint only, and not every kind of schema has them
        return []


def _innermost(schema: Any) -> Any:
    while "schema" in schema:
        schema = schema["schema"]
    return schema


def _of_parameter(name: str, detail: str) -> ErrorItem:
    return {"pointer": error("", name)["pointer"], "parameter": name, "detail": detail}


def _sentence(found: ErrorDetails, noun: str, names: Iterable[str]) -> str:
    """What is wrong; `noun` is what a name stands for, and `names` are those that are taken where one is unknown."""
    kind, context, given = found["type"], found.get("ctx", {}), found["input"]
    name = next((part for part in reversed(found["loc"]) if isinstance(part, str)), "")
    if kind == "missing":
        return f"The {noun} {_shown(name)} is required."
    if kind == "extra_forbidden":
        near = get_close_matches(name[:MOST_SHOWN].lower(), names, n=1)
        return f"There is no {noun} {_shown(name)} here" + (f"; did you mean {near[0]!r}?" if near else ".")
    if kind in ("int_type", "int_parsing") and isinstance(given, str) and name in _LISTS:
        path, key = _LISTS[name]
        sought = quote(given[:MOST_SHOWN], safe="")
        return f"This should be the numeric id, an integer; {path}?{key}={sought} finds it by your own {key}."
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind == "list_type":
        return "Send a list: [{...}]." if isinstance(given, dict) else "Send a list: [...]."
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        return _PATTERNS[context["pattern"]]
    if kind == "json_invalid" and not given.strip():
        return "The body is empty; send JSON."
    if kind == "json_invalid" and context["error"].startswith("recursion limit exceeded"):
        return "This JSON is nested deeper than anything that is taken here."
    if kind == "json_invalid":
        return f"This is not JSON: {context['error']}."
    if kind == "value_error":
        return f"{context['error']}."
    if kind == "too_short":
        return f"This list should have at least {context['min_length']} item; it is empty."
    if kind == "too_long":
        return f"This list should have at most {context['max_length']:,} items; send the rest in other requests."
    return found["msg"].replace("Input should", "This should") + "."


def _shown(text: str) -> str:
    return repr(text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "...")
