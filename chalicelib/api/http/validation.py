"""Validate input, and turn pydantic's errors into messages with JSON pointers."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core import from_json as parsed

from chalicelib.api.http.fields import INTACT, STATION, ZIPCODE, Query
from chalicelib.api.http.problems import MAX_COUNTED, MAX_ERRORS, ErrorItem, error, invalid
from chalicelib.api.http.quoting import MAX_SHOWN, quoted

Q = TypeVar("Q", bound=Query)

# Tags of union members: pydantic puts them into an error's path, although they are not part of the body.
OBJECT, TEXT = "(object)", "(text)"
FILTER, BOOLEAN = "(filter)", "(filter_boolean)"
BARE_FILTER, BARE_BOOLEAN = "(bare filter)", "(bare filter_boolean)"
UNION_MEMBERS = (OBJECT, TEXT, FILTER, BOOLEAN, BARE_FILTER, BARE_BOOLEAN)
NAME = "[key]"  # ends the path of an error in the name of a field, rather than in its value

_MESSAGES = {
    "timezone_aware": "This timestamp has no UTC offset; add one, such as Z or -08:00.",
    "datetime_type": "This should be a string with an ISO 8601 timestamp, such as 2016-09-28T23:57:21Z.",
    "finite_number": "This should be a finite number; JSON does not allow NaN and Infinity.",
    "model_type": "This should be a JSON object.",
    "union_tag_not_found": "This should be a JSON object or a string.",
    "int_parsing": "This should be a valid integer.",
}
NUL = "This contains the character NUL (U+0000); remove it."
NOT_UTF_8 = "This contains U+FFFD, which stands for bytes that are not UTF-8; encode the text as UTF-8."
_PATTERN_MESSAGES = {
    STATION: "This should be the USAF id of a station, six characters such as 724390.",
    ZIPCODE: "This should be a ZIP code of five digits such as 60601.",
}
# Where to look up a numeric id by the client's own id: the list, and its query parameter.
_LOOKUPS = {
    "trace": ("traces/", "trace_id"),
    "project": ("projects/", "project_id"),
    "traces": ("traces/", "trace_id"),
    "projects": ("projects/", "project_id"),
    "group": ("trace_groups/", "name"),
}


def object_or_text(value: Any) -> str | None:
    """The tag of a member of a union of an object and a string; None: it is neither."""
    return OBJECT if isinstance(value, dict | BaseModel) else TEXT if isinstance(value, str) else None


def from_json(adapter: TypeAdapter[Any], raw: bytes | str, *path: str | int) -> Any:
    """Parse and validate JSON; `path` is its location in the body. Raises the 400 Problem."""
    try:
        values = parsed(raw)
    except ValueError as problem:
        raise invalid(error(_json_message(raw, str(problem)), *path)) from None
    return from_values(adapter, values, *path)  # from JSON, pydantic would copy what is wrong once for each error


def from_values(adapter: TypeAdapter[Any], values: Any, *path: str | int) -> Any:
    """Validate what JSON has been parsed to; `path` is its location in the body. Raises the 400 Problem."""
    try:
        return adapter.validate_python(values)
    except ValidationError as problem:
        if problem.error_count() > MAX_COUNTED:
            detail = (
                f"This has {problem.error_count():,} errors, too many to list: an object in it has thousands of "
                "unknown or invalid fields."
            )
            raise invalid(error(detail, *path)) from None
        raise invalid(*(_error(one, path, adapter.core_schema) for one in _errors(problem)[:MAX_ERRORS])) from None


def from_text(raw: bytes) -> str:
    """Decode a body that is not JSON. Invalid bytes are replaced; the parser of the text reports them."""
    return raw.decode("utf-8-sig", errors="replace")


def from_query(model: type[Q], parameters: dict[str, list[str]]) -> Q:
    """Validate the query parameters. Raises the 400 Problem, also for unknown or repeated parameters."""
    repeated = [name for name, values in parameters.items() if len(values) > 1]
    if repeated:
        detail = "The parameter {} is repeated; give it only once."
        raise invalid(*(_parameter_error(name, detail.format(quoted(name))) for name in repeated))
    try:
        return model.model_validate_strings({name: values[0] for name, values in parameters.items()})
    except ValidationError as problem:
        listed = [
            _parameter_error(str(found["loc"][0]), _message(found, "parameter", model.model_fields))
            for found in _errors(problem)
        ]
        raise invalid(*listed) from None


def _errors(problem: ValidationError) -> list[ErrorDetails]:
    return problem.errors(include_url=False)


def _error(found: ErrorDetails, path: tuple[str | int, ...], schema: Any) -> ErrorItem:
    location = [part for part in found["loc"] if part not in UNION_MEMBERS]
    if location[-1:] == [NAME]:
        location.pop()
    names = _fields(schema, found["loc"][:-1]) if found["type"] == "extra_forbidden" else ()
    return error(_message(found, "field", names), *path, *location)


def _json_message(raw: bytes | str, why: str) -> str:
    if not raw.strip():
        return "The body is empty; send JSON."
    if why.startswith("recursion limit exceeded"):
        return "This JSON is nested too deeply; use fewer levels."
    return f"This is not JSON: {why}."


def _fields(schema: Any, location: tuple[str | int, ...]) -> list[str]:
    """The field names of the object at a location in a body; `schema` is pydantic's core schema of the body."""
    try:
        for part in location:
            holder = _unwrapped(schema)
            schema = holder["items_schema"] if isinstance(part, int) else holder["fields"][part]
        return list(_unwrapped(schema)["fields"])
    except KeyError:  # the names are only used for a hint, and not every kind of schema has them
        return []


def _unwrapped(schema: Any) -> Any:
    while "schema" in schema:
        schema = schema["schema"]
    return schema


def _parameter_error(name: str, detail: str) -> ErrorItem:
    return {"pointer": error("", name)["pointer"], "parameter": name, "detail": detail}


def _message(found: ErrorDetails, noun: str, names: Iterable[str]) -> str:
    """The message for an error; `noun` is "field" or "parameter", `names` are the accepted ones if one is unknown."""
    kind, context, given = found["type"], found.get("ctx", {}), found["input"]
    name = next((part for part in reversed(found["loc"]) if isinstance(part, str)), "")
    if kind == "missing":
        return f"The {noun} {quoted(name)} is required."
    if kind == "extra_forbidden":
        near = get_close_matches(name[:MAX_SHOWN].lower(), names, n=1)
        return f"There is no {noun} {quoted(name)} here" + (f"; did you mean {near[0]!r}?" if near else ".")
    if kind in ("int_type", "int_parsing") and isinstance(given, str) and name in _LOOKUPS:
        path, key = _LOOKUPS[name]
        sought = quote(given[:MAX_SHOWN], safe="")
        return f"This should be the numeric id, an integer; GET {path}?{key}={sought} returns it."
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    if kind == "list_type":
        return "This should be a list: [{...}]." if isinstance(given, dict) else "This should be a list: [...]."
    if kind == "string_pattern_mismatch" and context["pattern"] == INTACT:
        return NUL if "\0" in given else NOT_UTF_8
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERN_MESSAGES:
        return _PATTERN_MESSAGES[context["pattern"]]
    if kind == "value_error":
        return f"{context['error']}."
    if kind == "too_short":
        return f"This list should have at least {context['min_length']} item; it is empty."
    if kind == "too_long":
        return f"This list should have at most {context['max_length']:,} items; send the rest in other requests."
    return found["msg"].replace("Input should", "This should") + "."
