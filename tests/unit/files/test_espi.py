import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from chalicelib.files import espi
from chalicelib.files.options import FileError, Options
from chalicelib.files.parsed import REJECTED, TRACE_RECORDS
from tests.unit.files import green_button as gb
from tests.unit.files.green_button import START


class Body:
    """What S3 returns: only `read` may be called, once through."""

    def __init__(self, body: bytes) -> None:
        self._body = io.BytesIO(body)

    def read(self, size: int) -> bytes:
        return self._body.read(size)


def read(body: bytes, **options: Any) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    given: Any = Body(body)
    parsed = list(espi.records(given, Options("trace_records", "espi", **options)))
    assert all(one.rows.schema == TRACE_RECORDS and one.rejected.schema == REJECTED for one in parsed)
    return (
        pl.concat(one.rows for one in parsed),
        pl.concat(one.rejected for one in parsed),
        sum(one.read for one in parsed),
    )


def traces(body: bytes, **options: Any) -> list[dict[str, Any]]:
    given: Any = Body(body)
    parsed = espi.traces(given, Options("traces", "espi", **options))
    assert parsed.rejected.is_empty()
    assert parsed.rows["key"].to_list() == [one["trace_id"] for one in parsed.rows["fields"]]
    return list(parsed.rows["fields"])


def trace(
    trace_id: str, interpretation: str = "E_C_S", unit: str = "Wh", readings: str | None = None
) -> dict[str, Any]:
    return {"trace_id": trace_id, "interpretation": interpretation, "unit": unit, "readings": readings}


E, T = START, "METER-1"
DIALECTS: list[tuple[Callable[[], bytes], dict[str, str], list[Any], list[Any]]] = [
    (
        gb.pge_gas,
        {},
        [trace("9026920544", "NG_C_S", "therm")],
        [("9026920544", 1331794801, 86400, 1.0365954, False), ("9026920544", 1331881201, 86400, 1.0365954, False)],
    ),
    (gb.sce, {}, [trace("8842")], [("8842", 1433660400 + 900 * i, 900, 210.0, False) for i in range(4)]),
    (
        gb.both_directions,
        {},
        [trace("8842"), trace("8842-received", "E_OSG_U")],
        [
            ("8842", E, 3600, 500.0, False),
            ("8842", E + 3600, 3600, 0.0, False),
            ("8842-received", E, 3600, 0.0, False),
            ("8842-received", E + 3600, 3600, 300.0, False),
        ],
    ),
    (
        gb.eversource,
        {"trace_id": T},
        [trace(T)],
        [(T, 1735603200, 2592000, 496000.0, False), (T, 1738195200, 2505600, 512000.0, True)],
    ),
    (
        gb.utility_api,
        {},
        [trace("1402026")],
        [("1402026", E + 3600, 3600, 920.0, False), ("1402026", E, 3600, 320.0, False)],
    ),
    (
        gb.bidgely,
        {},
        [trace("9197038246783565677")],
        [("9197038246783565677", E, 3600, 1.0, False), ("9197038246783565677", E + 3600, 3600, 2.0, False)],
    ),
    (
        gb.without_links,
        {"trace_id": T},
        [trace(T)],
        [(T, E, 3600, 1.5, False), (T, E + 3600, 3600, 2.5, False), (T, E + 7200, 3600, 3.5, False)],
    ),
    (gb.mixed_hrefs, {}, [trace("MTIzNDU2")], [("MTIzNDU2", E, 3600, 10.0, False)]),
    (
        gb.nested,
        {"trace_id": T},
        [trace(T, "NG_C_S", "cf", "register")],
        [(T, E, None, 700100.0, False), (T, E + 2_592_000, None, 704200.0, False)],
    ),
    (gb.bare, {"trace_id": T, "unit": "kWh"}, [trace(T, None, "kWh")], [(T, E, 3600, 5.0, False)]),  # type: ignore[arg-type]
    (
        gb.both_fuels,
        {},
        [trace("8842"), trace("5510", "NG_C_S", "therm")],
        [("8842", E, 3600, 100.0, False), ("5510", E, 86400, 1.2, False)],
    ),
]


@pytest.mark.parametrize(
    ("file", "options", "expected", "readings"), DIALECTS, ids=lambda one: getattr(one, "__name__", "")
)
def test_dialects(
    file: Callable[[], bytes], options: dict[str, str], expected: list[dict[str, Any]], readings: list[Any]
) -> None:
    body = file()
    assert traces(body, **options) == expected
    rows, rejected, count = read(body, **options)
    length = (pl.col("end_instant") - pl.col("instant")) // 1_000_000
    found = rows.select("key", pl.col("instant") // 1_000_000, length, "value", "estimated").rows()
    assert found == readings
    assert rejected.is_empty()
    assert count == len(readings)
    units = {one["trace_id"]: one["unit"] for one in expected}
    assert all(units[key] == unit for key, unit in rows.select("key", "unit").iter_rows())


def test_a_truncated_file_is_refused() -> None:
    body = gb.sce()
    with pytest.raises(FileError, match=r"not valid XML: .* in line \d+, column \d+\. It may be truncated"):
        read(body[: len(body) // 2])


BILLION_LAUGHS = '<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><feed>&b;</feed>'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (BILLION_LAUGHS, "document type definition"),
        ('<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed>&x;</feed>', "document type definition"),
        ('<!DOCTYPE feed SYSTEM "http://127.0.0.1/x.dtd"><feed/>', "document type definition"),
        ("<a>" * 200, "more than 100 elements are nested"),
        ('<?xml version="1.0" encoding="nonsense"?><feed/>', "encoding"),
        ("<feed>&x;</feed>", "not valid XML: undefined entity in line 1, column 7"),
        ("", "not valid XML"),
        ("start,value\n2020-01-01,1\n", "not valid XML"),
        ("<html><body>Log in</body></html>", "no Green Button file"),
        ("<IntervalReading/>", "an IntervalReading outside of an IntervalBlock"),
    ],
)
def test_hostile_and_other_files_are_refused(body: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        read(body.encode(), trace_id=T)
    with pytest.raises(FileError, match=message):
        traces(body.encode(), trace_id=T)


def test_an_empty_feed_has_one_empty_block() -> None:
    rows, rejected, count = read(gb.feed())
    assert (rows.height, rejected.height, count) == (0, 0, 0)
    assert traces(gb.feed()) == []


def test_bad_readings_are_rejected_with_their_lines() -> None:
    readings: list[Any] = [
        (E, 3600, "1,5", None),
        (E * 1000, 3600, 1, None),
        (E + 7200, "an hour", 1, None),
        (None, 3600, 1, None),
        (E + 14400, 3600, 1, 10),
        (E + 18000, 3600, 1, 15),
        (E + 21600, 3600, None, None),
        (E + 25200, 3600, 4, 9),
    ]
    body = gb.feed(*gb.linked(readings))
    rows, rejected, count = read(body)
    assert rows.select("value", "estimated").rows() == [(None, False), (4.0, True)]
    assert rejected["column"].to_list() == ["value", "start", "duration", "start", "quality", "quality"]
    lines = body.decode().splitlines()
    assert all("<IntervalReading>" in lines[line - 1] for line in rejected["line"])
    assert count == 8


@pytest.mark.parametrize(
    ("fields", "column", "reason"),
    [
        ({"uom": 38}, "uom", "the code 38"),
        ({"uom": 0}, "uom", "Give the upload a unit"),
        ({"uom": "kWh"}, "uom", "no number"),
        ({"powerOfTenMultiplier": 400}, "powerOfTenMultiplier", "between -12 and 12"),
        ({"flowDirection": 20}, "flowDirection", "none of forward"),
        ({"accumulationBehaviour": 12}, "accumulationBehaviour", "neither interval data"),
        ({"kind": 2}, "kind", "neither of electricity"),
    ],
)
def test_readings_that_are_no_energy_are_rejected(fields: dict[str, Any], column: str, reason: str) -> None:
    body = gb.feed(*gb.linked(gb.hourly([1, 2]), **fields))
    rows, rejected, _ = read(body)
    assert rows.is_empty()
    assert rejected["column"].to_list() == [column, column]
    assert reason in rejected["reason"][0]
    given: Any = Body(body)
    parsed = espi.traces(given, Options("traces", "espi"))
    assert parsed.rows.is_empty()
    assert parsed.rejected["column"].to_list() == [column]


@pytest.mark.parametrize(
    ("uom", "power", "unit", "value"),
    [(72, 3, "Wh", 5000.0), (31, 9, "MJ", 5000.0), (132, 0, "Btu", 5.0), (42, -2, "m3", 0.05)],
)
def test_units(uom: int, power: int, unit: str, value: float) -> None:
    rows, _, _ = read(gb.feed(*gb.linked(gb.hourly([5]), uom=uom, powerOfTenMultiplier=power)))
    assert rows.select("unit", "value").rows() == [(unit, value)]


def test_of_the_same_energy_the_shortest_intervals_are_read() -> None:
    body = gb.feed(
        *gb.linked([(E, 86400, 24, None)], number="01", intervalLength=86400),
        *gb.linked(gb.hourly([1, 2]), number="02", intervalLength=3600)[1:],
    )
    rows, rejected, _ = read(body)
    assert rows["value"].to_list() == [1.0, 2.0]
    assert "shorter intervals" in rejected["reason"][0]
    assert traces(body) == [trace("8842")]


def test_an_id_that_only_numbers_the_meters_of_a_customer_needs_a_trace_id() -> None:
    with pytest.raises(FileError, match="has the id 01, which other files probably use"):
        read(gb.eversource())
    with pytest.raises(FileError, match="does not name its UsagePoint"):
        read(gb.without_links())
    one, other = (gb.linked(gb.hourly([1]), point=f"User/{user}/UsagePoint/8842") for user in (1, 2))
    with pytest.raises(FileError, match="the same id"):
        read(gb.feed(*one, *other))
    rows, _, _ = read(gb.both_fuels(), trace_id=T)
    assert rows["key"].to_list() == ["METER-1-8842", "METER-1-5510"]


def test_a_reading_type_is_not_guessed() -> None:
    body = gb.feed(
        gb.entry(gb.reading_type(uom=72)),
        gb.entry(gb.usage_point()),
        gb.entry(gb.block(gb.hourly([1]))),
        gb.entry(gb.reading_type(uom=169)),
        gb.entry(gb.usage_point(1)),
        gb.entry(gb.block(gb.hourly([1]))),
    )
    rows, rejected, _ = read(body, trace_id=T)
    assert rows.is_empty()
    assert "does not link this IntervalBlock to its ReadingType" in rejected["reason"][0]


MEASURE = """
import resource
from chalicelib.files import espi
from chalicelib.files.options import Options
from tests.unit.files import green_button as gb
READINGS = 200_000
class Body:
    def __init__(self):
        self.parts = iter(parts())
        self.left = b""
    def read(self, size):
        while len(self.left) < size and (part := next(self.parts, None)) is not None:
            self.left += part
        found, self.left = self.left[:size], self.left[size:]
        return found
def parts():
    whole = gb.feed(*gb.linked([(gb.START, 900, 1, 0)]))
    start, end = whole.index(b"<IntervalReading>"), whole.index(b"</IntervalBlock>")
    yield whole[:start]
    for number in range(READINGS):
        moved = str(gb.START + 900 * number).encode()
        yield whole[start:end].replace(str(gb.START).encode(), moved) + b" " * 100
    yield whole[end:]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = sum(map(len, parts()))
count = sum(one.rows.height for one in espi.records(Body(), Options("trace_records", "espi")))
print(size, count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_holds_no_more_than_the_numbers_of_the_readings() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    size, count, grown = map(int, done.stdout.split())
    assert size > 50_000_000
    assert count == 200_000
    assert grown * 1024 < 200_000_000  # a tree of the elements would take more than 1 GB
