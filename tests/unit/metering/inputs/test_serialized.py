import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering import MeterFailure
from chalicelib.metering.inputs.meter_input import Trace
from chalicelib.metering.inputs.serialized import read

Document = dict[str, Any]
WEATHER = {"station": "724390", "unit": "F", "records": [["2016-01-01T00:00:00Z", 32.0], ["2016-01-01T01:00:00Z", 50]]}
START = datetime(2016, 1, 1, tzinfo=UTC)


def document(records: list[Any], kind: str = "ARBITRARY_START", unit: str = "KWH") -> Document:
    return {
        "type": "SINGLE_TRACE_SIMPLE_PROJECT",
        "trace": {"type": kind, "interpretation": "E_C_S", "unit": unit, "records": records},
        "project": {
            "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
            "modeling_period_group": {
                "baseline_period": {"start": None, "end": "2016-06-01T00:00:00Z"},
                "reporting_period": {"start": "2016-07-01T00:00:00Z", "end": None},
            },
        },
        "weather": WEATHER,
        "weather_normal": WEATHER,
    }


def trace(records: list[Any], kind: str = "ARBITRARY_START", unit: str = "KWH") -> Trace:
    return read(document(records, kind, unit)).trace


def at(day: int) -> str:
    return (START + timedelta(days=day)).isoformat()


MONTH = document([{"start": at(0), "value": 1}, {"start": at(30), "value": None}])


def rows(readings: pd.DataFrame) -> list[tuple[int, int, float | None]]:
    """Return (first day, day after the last, value or None) of each reading."""
    day = [((readings[edge] - pd.Timestamp(START)) / pd.Timedelta(days=1)).astype(int) for edge in ("start", "end")]
    return [(a, b, None if pd.isna(v) else v) for a, b, v in zip(*day, readings["value"], strict=True)]


def test_a_value_covers_the_time_to_the_next_start_and_the_last_value_is_ignored() -> None:
    records = [{"start": at(0), "value": 1}, {"start": at(30), "value": None}, {"start": at(60), "value": 3}]
    assert rows(trace(records).readings) == [(0, 30, 1), (30, 60, None)]


def test_a_value_covers_the_time_from_the_end_before_it_and_the_first_value_is_ignored() -> None:
    records = [{"end": at(0), "value": 1}, {"end": at(30), "value": 2}, {"end": at(60), "value": 3}]
    assert rows(trace(records, "ARBITRARY_END").readings) == [(0, 30, 2), (30, 60, 3)]


def test_readings_with_start_and_end_are_unchanged() -> None:
    records = [{"start": at(40), "end": at(70), "value": 2}, {"start": at(0), "end": at(30), "value": 1}]
    assert rows(trace(records, "ARBITRARY").readings) == [(0, 30, 1), (40, 70, 2)]


def test_overlapping_readings_are_rejected() -> None:
    records = [{"start": at(0), "end": at(31), "value": 1}, {"start": at(30), "end": at(60), "value": 2}]
    with pytest.raises(MeterFailure, match=r"overlaps the next, from 2016-01-31"):
        trace(records, "ARBITRARY")


@pytest.mark.parametrize(
    ("kind", "edge", "last"), [("ARBITRARY_START", "start", (2, 3, 1.0)), ("ARBITRARY_END", "end", (1, 2, 1.0))]
)
def test_a_day_does_not_extend_over_missing_records(kind: str, edge: str, last: tuple[int, int, float]) -> None:
    records = [{edge: at(day), "value": 1} for day in (0, 1, 2, 5, 6, 7)]
    readings = rows(trace(records, kind).readings)
    assert last in readings
    assert all(end - start == 1 for start, end, _ in readings)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_order_and_duplication_of_records_do_not_matter(values: list[float], shuffle: random.Random) -> None:
    records = [{"start": at(day), "value": value, "estimated": False} for day, value in enumerate(values)]
    mixed = records + shuffle.sample(records, k=len(records) // 2)
    shuffle.shuffle(mixed)
    pd.testing.assert_frame_equal(trace(mixed).readings, trace(records).readings)


def test_of_two_values_for_one_instant_the_later_record_wins() -> None:
    records = [{"start": at(0), "value": 1}, {"start": at(30), "value": 3}, {"start": at(0), "value": 2}]
    assert rows(trace(records).readings) == [(0, 30, 2)]


def test_offsets_are_applied_and_units_normalized() -> None:
    records = [{"start": "2016-01-01T00:00:00-06:00", "value": 1500}, {"start": "2016-01-31T06:00:00Z", "value": None}]
    read_trace = trace(records, unit="Wh")
    assert read_trace.unit == "KWH"
    assert read_trace.interpretation == "ELECTRICITY_CONSUMPTION_SUPPLIED"
    reading = read_trace.readings.iloc[0]
    assert (reading["start"].isoformat(), reading["value"]) == ("2016-01-01T06:00:00+00:00", 1.5)


@given(st.lists(st.floats(-60, 60), min_size=1, max_size=30))
def test_celsius_is_converted_to_fahrenheit(celsius: list[float]) -> None:
    def temperature(values: list[float], unit: str) -> "pd.Series[float]":
        hours = [[(START + timedelta(hours=hour)).isoformat(), value] for hour, value in enumerate(values)]
        return read({**MONTH, "weather": {"station": "1", "unit": unit, "records": hours}}).weather.temperature

    fahrenheit = [value * 9 / 5 + 32 for value in celsius]
    pd.testing.assert_series_equal(temperature(celsius, "C"), temperature(fahrenheit, "F"))


def test_a_missing_hour_is_a_row_without_a_temperature() -> None:
    hours = [["2016-01-01T03:00:00Z", 3.0], ["2016-01-01T00:00:00Z", 0.0], ["2016-01-01T01:00:00Z", None]]
    temperature = read({**MONTH, "weather": {"records": hours}}).weather.temperature
    assert list(temperature.fillna(-1)) == [0, -1, -1, 3]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("type", "SOMETHING", "meter_input.type is 'SOMETHING'"),
        ("trace", ..., "meter_input.trace is missing"),
        ("trace.type", "ARBITRARY_MIDDLE", "ARBITRARY or ARBITRARY_START or ARBITRARY_END"),
        ("trace.interpretation", "WATER", "'WATER' is not a trace interpretation"),
        ("trace.unit", "gallon", "'gallon' is not a supported unit"),
        ("trace.unit", ..., "trace.unit is missing"),
        ("trace.records", ..., "trace.records is missing"),
        ("trace.records", [], "no readings: it has no records"),
        ("trace.records", [{"start": at(0), "value": 5}], "it has one record; the last record only marks the end of"),
        ("trace.records", [{"start": at(0), "value": None}], "it has one record, with value null"),
        (
            "trace.records",
            [{"start": at(day), "value": None} for day in range(760)],
            "760 records, all with value null",
        ),
        (
            "trace.records",
            [{"start": at(0), "value": None}, {"start": at(1), "value": 5}],
            "2 records without a usable value; the last record only marks the end",
        ),
        ("trace.records", [{"value": 5}], r"trace\.records\[0\] has no 'start'; every record needs one"),
        ("trace.records", [{"start": at(0)}], r"trace\.records\[0\] has no 'value'; every record needs one"),
        ("trace.records", [{"start": at(0), "value": "many"}], "not a number"),
        ("trace.records", [{"start": "2016-01-01T00:00:00", "value": 5}], "ISO 8601 with an offset"),
        ("trace.records", [{"start": "2016-13-01T00:00:00Z", "value": 5}], "not ISO 8601"),
        ("trace.records", [{"start": 1451606400, "value": 5}], "ISO 8601 with an offset"),
        ("project.timezone", "Mars/Olympus", "not an IANA time zone"),
        ("project.modeling_period_group", ..., "modeling_period_group is missing"),
        ("project.modeling_period_group.baseline_period.end", None, "no baseline_period_end"),
        ("project.modeling_period_group.reporting_period.start", None, "no reporting_period_start"),
        ("project.modeling_period_group.reporting_period.start", "2016-05-01T00:00:00Z", "before its baseline period"),
        ("weather", None, "no observed temperatures"),
        ("weather.records", [], "no observed temperatures of station 724390"),
        ("weather.unit", "K", "must be F or C"),
        ("weather.records", [1, 2], "pairs"),
        ("weather.records", [["2016-01-01", 3]], "ISO 8601 with an offset"),
        ("weather_normal", ..., "no normal-year temperatures"),
    ],
)
def test_the_message_says_what_is_wrong(changed: Callable[..., Document], path: str, value: Any, message: str) -> None:
    with pytest.raises(MeterFailure, match=message):
        read(changed(MONTH, path, value))
