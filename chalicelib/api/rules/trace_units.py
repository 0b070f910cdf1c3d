"""The unit of a trace: the client's, the datastore's, and the factor between the two."""

from collections.abc import Mapping
from typing import Any

from chalicelib import vocabulary
from chalicelib.api.http.problems import ErrorItem, error
from chalicelib.store.tables.collections import Trace


def stored_fields(given: Mapping[str, Any], before: Trace | None) -> dict[str, Any]:
    """The fields as they are stored: the client's unit, the datastore's unit, and the factor between the two.

    before: the trace to change, whose values apply to fields that are not given. Raises ValueError if the unit is
    wrong, and HeatContentError if the heat content is.
    """
    if given.keys().isdisjoint(("interpretation", "unit", "heat_content")):
        return dict(given)
    whole: dict[str, Any] = {name: getattr(before, name, None) for name in ("interpretation", "heat_content")}
    whole |= given
    posted = None if before is None else before.posted_unit or before.unit
    if "unit" not in given and before is not None:
        unit = vocabulary.expected_unit(whole["interpretation"])
        if unit != before.unit:
            raise ValueError(
                f"The records of this trace are stored in {before.unit}, but {whole['interpretation']} is stored in "
                f"{unit}; also give the unit of the records that you post from now on"
            )
        if "heat_content" not in given:
            return dict(given)
        whole["unit"] = posted
    elif posted and "heat_content" not in given and not vocabulary.same_unit(whole["unit"], posted):
        whole["heat_content"] = None  # it belongs to the previous unit
    unit, factor = vocabulary.normalized_unit(whole["unit"], whole["interpretation"], whole["heat_content"])
    return {
        **given,
        "unit": unit,
        "unit_multiplier": factor,
        "posted_unit": whole["unit"],
        "heat_content": whole["heat_content"],
    }


def unit_errors(given: Mapping[str, Any], before: Trace | None, *path: str | int) -> list[ErrorItem]:
    """The error if the unit or the heat content does not match the fuel; `before` as in `stored_fields`."""
    try:
        stored_fields(given, before)
    except vocabulary.HeatContentError as problem:
        return [error(f"{problem}.", *path, "heat_content")]
    except ValueError as problem:
        return [error(f"{problem}.", *path, "unit")]
    return []


def with_same_spelling(fields: dict[str, Any], before: Trace | None) -> dict[str, Any]:
    """The fields, but with the trace's spelling of the unit if the unit is the same: a new spelling is not a change."""
    same = before is not None and all(fields[name] == getattr(before, name) for name in ("unit", "unit_multiplier"))
    return fields | {"posted_unit": before.posted_unit or fields["posted_unit"]} if before and same else fields
