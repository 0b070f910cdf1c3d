"""Read the trace of a serialized meter input: its records become readings, ordered and not overlapping."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from chalicelib.metering.failure import MeterFailure
from chalicelib.metering.inputs.fields import expect_type, field, numbers, text, timestamps
from chalicelib.metering.inputs.meter_input import Trace
from chalicelib.metering.inputs.registers import LONGEST_INTERVAL, consumption, split_long_readings
from chalicelib.vocabulary import full_name, normalized_unit

TRACE_TYPES = ("ARBITRARY", "ARBITRARY_START", "ARBITRARY_END")
READINGS = ("consumption", "register")

_HALF_DAY = 12 * 3600  # seconds


def read_trace(document: Mapping[str, Any], timezone: ZoneInfo) -> Trace:
    kind = expect_type(document, "trace", TRACE_TYPES)
    try:
        interpretation = full_name(text(document, "trace", "interpretation"))
        unit, factor = normalized_unit(
            text(document, "trace", "unit"),
            interpretation,
            document.get("heat_content"),
            document.get("posted_unit"),
        )
    except ValueError as error:
        raise MeterFailure(f"The trace cannot be read: {error}.") from error
    is_register = _is_register(document, kind)
    records = _records(document, kind, factor, timezone)
    values = records["value"].to_numpy()
    if is_register:
        records = consumption(records, kind, interpretation, _register_factor(document, interpretation, factor))
    elif kind == "ARBITRARY_START":
        records["end"] = records["start"].shift(-1)
        records = records.iloc[:-1]
    elif kind == "ARBITRARY_END":
        records["start"] = records["end"].shift(1)
        records = records.iloc[1:]
    readings = records[["start", "end", "value", "estimated", "duplicate"]].reset_index(drop=True)
    exchanges = records[records["exchanged"]] if is_register else None
    long_readings = None
    if kind == "ARBITRARY":
        readings = _without_overlaps(readings)
        readings, long_readings = split_long_readings(readings)
    elif not is_register:
        _cut_at_gaps(readings, kind)
    if readings["value"].notna().sum() == 0:
        raise MeterFailure(
            f"The trace has no readings: it {_without_readings(values, kind, exchanges)}. Post trace_records with"
            " values, for at least the year before the end of the baseline period."
        )
    return Trace(
        interpretation,
        unit,
        str(document.get("posted_unit") or document["unit"]),
        readings,
        exchanges,
        document.get("readings") == "consumption",
        document.get("zero_is_reading") is True,
        long_readings,
    )


def _without_overlaps(readings: pd.DataFrame) -> pd.DataFrame:
    """Remove overlaps of up to half a day between bills, which have dates rather than times, by ending the first early.

    Raises MeterFailure for a reading that ends before it starts, or that overlaps the next by more.
    """
    backwards = (readings["end"] <= readings["start"]).to_numpy()
    if backwards.any():
        first = readings.iloc[int(backwards.argmax())]
        raise MeterFailure(
            f"The trace record from {first['start'].isoformat()} ends at {first['end'].isoformat()}, which is not after"
            " its start: correct the record."
        )
    overlap = (readings["end"].shift(1) - readings["start"]).dt.total_seconds()
    bills = (readings["end"] - readings["start"]).dt.total_seconds().median() > LONGEST_INTERVAL.total_seconds()
    overlaps = (overlap > (_HALF_DAY if bills else 0)).to_numpy()
    if overlaps.any():
        at = int(overlaps.argmax())
        before, after = readings.iloc[at - 1], readings.iloc[at]
        raise MeterFailure(
            f"The trace record from {before['start'].isoformat()} to {before['end'].isoformat()} overlaps the next,"
            f" from {after['start'].isoformat()} to {after['end'].isoformat()}: correct the records."
        )
    following = readings["start"].shift(-1)
    return readings.assign(end=readings["end"].where(~(readings["end"] > following), following))


def _records(document: Mapping[str, Any], kind: str, factor: float, timezone: ZoneInfo) -> pd.DataFrame:
    """Return the records in order of time: start or end or both, value (times factor), estimated and duplicate.

    Of several records for the same instant, the last is used.
    """
    records = document.get("records")
    if not isinstance(records, Sequence) or isinstance(records, str):
        raise MeterFailure("trace.records is missing or not a list; it must be a list of records.")
    values = numbers([field(record, "value", at) for at, record in enumerate(records)], "trace.records") * factor
    edges = {
        edge: timestamps(
            [field(record, edge, at) for at, record in enumerate(records)], f"trace.records.{edge}", timezone
        )
        for edge in {"ARBITRARY": ("start", "end"), "ARBITRARY_START": ("start",), "ARBITRARY_END": ("end",)}[kind]
    }
    flags = {
        name: np.array([bool(record.get(name)) for record in records], dtype=bool)
        for name in ("estimated", "duplicate")
    }
    table = pd.DataFrame({**edges, "value": values, **flags})
    key = next(iter(edges))
    repeated = table[table.duplicated(key, keep=False)]
    if not repeated.empty:
        differ = repeated.groupby(key)["value"].agg(lambda given: given.nunique(dropna=False) > 1)
        table["duplicate"] |= table[key].isin(differ[differ].index)
    return table.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)


def _is_register(document: Mapping[str, Any], kind: str) -> bool:
    readings = document.get("readings")
    if readings not in (None, *READINGS):
        raise MeterFailure(f"trace.readings is {readings!r}; it must be {' or '.join(READINGS)}.")
    if readings == "register" and kind == "ARBITRARY":
        raise MeterFailure(
            "A trace of register reads cannot have the type ARBITRARY, because each read is taken at one instant: use"
            " ARBITRARY_START or ARBITRARY_END."
        )
    return bool(readings == "register")


def _register_factor(document: Mapping[str, Any], interpretation: str, factor: float) -> float:
    """Return the energy per unit of the register; the values may have been converted before."""
    posted = document.get("posted_unit")
    if not posted or posted == document["unit"]:
        return factor
    try:
        return factor * normalized_unit(posted, interpretation, document.get("heat_content"))[1]
    except ValueError as error:
        raise MeterFailure(f"The trace cannot be read: {error}.") from error


def _without_readings(
    values: "np.ndarray[Any, np.dtype[np.float64]]", kind: str, exchanges: pd.DataFrame | None
) -> str:
    if exchanges is not None and len(exchanges):
        return f"has register reads that drop or jump at each of their {len(exchanges)} steps"
    count = {0: "no records", 1: "one record"}.get(len(values), f"{len(values)} records")
    if np.isnan(values).all():
        of_null = {0: "", 1: ", with value null"}.get(len(values), ", all with value null")
        return f"has {count}{of_null}"
    edge = "last record only marks the end" if kind == "ARBITRARY_START" else "first record only marks the start"
    return f"has {count}{'' if len(values) == 1 else ' without a usable value'}; the {edge} of the series"


def _cut_at_gaps(readings: pd.DataFrame, kind: str) -> None:
    """Shorten interval readings next to missing records, so that they end (or start) at the gap, in place.

    Bills are not shortened.
    """
    length = readings["end"] - readings["start"]
    longest = pd.Timedelta(length.median())
    if longest > LONGEST_INTERVAL:
        return
    length = length.where(length <= longest, longest)
    if kind == "ARBITRARY_START":
        readings["end"] = readings["start"] + length
    else:
        readings["start"] = readings["end"] - length
