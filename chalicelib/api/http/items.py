"""Lists in requests, validated a few items at a time."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, InitErrorDetails, PydanticKnownError, core_schema

from chalicelib.api.http.problems import MAX_COUNTED, MAX_ERRORS

STEP = 10  # items; few, since all their errors are found before the rest of the list is skipped


@dataclass(frozen=True)
class Items:
    """How many items a list may have. The items after the first MAX_ERRORS errors are not validated.

    A list of a million wrong items thus costs no more time and memory than one of a hundred.
    """

    max_length: int
    min_length: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._validated, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        lengths = {"maxItems": self.max_length} | ({"minItems": self.min_length} if self.min_length else {})
        return handler(schema) | lengths

    def _validated(self, given: Any, validate: ValidatorFunctionWrapHandler) -> list[Any]:
        if not isinstance(given, list):
            valid: list[Any] = validate(given)  # raises the error for its type
            return valid
        size = {"field_type": "List", "actual_length": len(given)}
        if len(given) < self.min_length:
            raise PydanticKnownError("too_short", {**size, "min_length": self.min_length})
        if len(given) > self.max_length:
            raise PydanticKnownError("too_long", {**size, "max_length": self.max_length})
        items: list[Any] = []
        errors: list[InitErrorDetails] = []
        for start in range(0, len(given), STEP):
            try:
                items += validate(given[start : start + STEP])
            except ValidationError as problem:
                if problem.error_count() > MAX_COUNTED:
                    raise
                errors += _moved(problem, start)
                if len(errors) >= MAX_ERRORS:
                    break
        if errors:
            raise ValidationError.from_exception_data("list", errors)
        return items


def _moved(problem: ValidationError, start: int) -> list[InitErrorDetails]:
    """The errors of a part of a list, at their positions in the whole list; `start` is that of the part."""
    return [
        {
            "type": found["type"],
            "loc": (start + int(found["loc"][0]), *found["loc"][1:]),
            "input": found["input"],
            "ctx": found.get("ctx", {}),
        }
        for found in problem.errors(include_url=False)
    ]
