import io
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
        gb.sdge,
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
        gb.london_hydro,
        {"trace_id": T},
        [trace(T)],
        [(T, E, 3600, 1.5, False), (T, E + 3600, 3600, 2.5, False), (T, E + 7200, 3600, 3.5, False)],
    ),
    (gb.subscription, {}, [trace("MTIzNDU2")], [("MTIzNDU2", E, 3600, 10.0, False)]),
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
