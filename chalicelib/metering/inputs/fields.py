"""Read the fields of a serialized meter input: each raises MeterFailure with the key that is missing or wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from chalicelib.metering.failure import MeterFailure

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_OFFSET = re.compile(r"[Tt ]\d\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$")


def expect_type(document: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    kind = document.get("type")
    if kind not in allowed:
        raise MeterFailure(f"{name}.type is {kind!r}; it must be {' or '.join(allowed)}.")
    return str(kind)


def member(document: Mapping[str, Any], key: str, within: str = "meter_input") -> Mapping[str, Any]:
    found = document.get(key)
    if not isinstance(found, Mapping):
        raise MeterFailure(f"{within}.{key} is missing or not an object; it must be an object.")
    return found


def text(document: Mapping[str, Any], name: str, key: str) -> str:
    found = document.get(key)
    if not isinstance(found, str):
        raise MeterFailure(f"{name}.{key} is missing or not a string; it must be a string.")
    return found


def field(record: Any, key: str, at: int) -> Any:
    if not isinstance(record, Mapping) or key not in record:
        raise MeterFailure(f"trace.records[{at}] has no {key!r}; every record needs one.")
    return record[key]


def numbers(values: Sequence[Any], where: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    try:
        found = np.array(values, dtype=float).reshape(len(values))
    except (TypeError, ValueError, OverflowError) as error:
        raise MeterFailure(
            f"A value in {where} is not a number: {error}. Use a number, or null for a missing value."
        ) from error
    return np.where(np.isfinite(found), found, np.nan)


def instant(period: Mapping[str, Any], name: str, edge: str, timezone: ZoneInfo) -> pd.Timestamp | None:
    given = period.get(edge)
    if given is None:
        return None
    found: pd.Timestamp = timestamps([given], f"project.modeling_period_group.{name}.{edge}", timezone)[0]
    return found


def timestamps(texts: Sequence[Any], where: str, timezone: ZoneInfo | None = None) -> pd.DatetimeIndex:
    """Parse timestamps to UTC; if a time zone is given, bare dates are accepted and mean midnight there."""
    if timezone is not None:
        texts = [_at_midnight(text, timezone) for text in texts]
    for at, text in enumerate(texts):
        if not isinstance(text, str) or not (text.endswith("Z") or _OFFSET.search(text)):
            _bad_timestamp(text, where if len(texts) == 1 else f"number {at} of {where}, counted from 0")
    try:
        return pd.DatetimeIndex(pd.to_datetime(list(texts), format="ISO8601", utc=True)).as_unit("ns")
    except (ValueError, OverflowError) as error:
        raise MeterFailure(f"A timestamp in {where} is not ISO 8601: {error}.") from error


def _at_midnight(text: Any, timezone: ZoneInfo) -> Any:
    """Convert a bare date to the timestamp of its local midnight; return anything else unchanged."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return text
    try:
        return pd.Timestamp(text).tz_localize(timezone, ambiguous=True, nonexistent="shift_forward").isoformat()
    except ValueError:
        return text


def _bad_timestamp(text: Any, where: str) -> NoReturn:
    raise MeterFailure(
        f"The timestamp {text!r}, {where}, must be ISO 8601 with an offset, such as 2016-01-01T00:00:00+00:00."
        " In periods and trace records, a date such as 2016-01-01 is also accepted."
    )
