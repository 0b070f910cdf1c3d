"""JSON schemas of objects that need one of several fields, which their validators require."""

from collections.abc import Mapping
from typing import Any

ID, NULL, SOME = {"type": "integer"}, {"type": "null"}, {"minItems": 1}
GIVEN = {"not": NULL}


def any_of(*alternatives: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords for an object that matches one of these: schemas by field, of which those that are NULL are optional."""
    return {
        "anyOf": [
            {"required": [name for name, schema in fields.items() if schema != NULL], "properties": dict(fields)}
            for fields in alternatives
        ]
    }
