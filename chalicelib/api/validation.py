"""Input to typed values, and what pydantic finds wrong to sentences with pointers."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from chalicelib.api.fields import Query
from chalicelib.api.problems import ErrorItem, error, invalid

Q = TypeVar("Q", bound=Query)

# Members of a union, which pydantic puts into an error's path although they are no part of the body.
OBJECT, TEXT = "(object)", "(text)"

_SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no field of this name here.",
    "timezone_aware": "A timestamp needs an offset, such as Z or -08:00; this one is naive.",
    "datetime_type": "This should be an ISO 8601 timestamp in a string, such as 2016-09-28T23:57:21Z.",
    "finite_number": "This should be a finite number; JSON has no NaN and no Infinity.",
    "model_type": "This should be a JSON object.",
    "union_tag_not_found": "This should be a JSON object or a string.",
}


def from_json(adapter: TypeAdapter[Any], raw: bytes | str, *path: str | int) -> Any:
    """The value that JSON holds; `path` is where in the body it stands. Raises the 400 Problem."""
    try:
        return adapter.validate_json(raw)
    except ValidationError as problem:
        raise invalid(*(_error(found, path) for found in _errors(problem))) from None


def from_query(model: type[Q], parameters: dict[str, list[str]]) -> Q:
    """The query's values. Raises the 400 Problem, also for a parameter that is unknown or repeated."""
    repeated = [name for name, values in parameters.items() if len(values) > 1]
    if repeated:
        raise invalid(*(_of_parameter(name, "This parameter may be given once.") for name in repeated))
    try:
        return model.model_validate_strings({name: values[0] for name, values in parameters.items()})
    except ValidationError as problem:
        raise invalid(
            *(_of_parameter(str(found["loc"][0]), _query_sentence(found)) for found in _errors(problem))
        ) from None


def _errors(problem: ValidationError) -> list[ErrorDetails]:
    return problem.errors(include_url=False, include_input=False)


def _error(found: ErrorDetails, path: tuple[str | int, ...]) -> ErrorItem:
    place = [part for part in found["loc"] if part not in (OBJECT, TEXT)]
    return error(_sentence(found), *path, *place)


def _of_parameter(name: str, detail: str) -> ErrorItem:
    return {"pointer": error("", name)["pointer"], "parameter": name, "detail": detail}


def _query_sentence(found: ErrorDetails) -> str:
    return "There is no parameter of this name here." if found["type"] == "extra_forbidden" else _sentence(found)


def _sentence(found: ErrorDetails) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind == "json_invalid":
        return f"This is not JSON: {context['error']}."
    if kind == "value_error":
        return f"{context['error']}."
    if kind == "too_short":
        return f"This list should have at least {context['min_length']} item; it is empty."
    if kind == "too_long":
        return f"This list should have at most {context['max_length']:,} items; send the rest in other requests."
    return found["msg"].replace("Input should", "This should") + "."
