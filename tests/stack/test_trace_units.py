"""traces/: interpretations, units, and kinds of readings."""

from typing import Any

import pytest

from tests.stack.client import Api
from tests.stack.names import unique
from tests.stack.projects import Project
from tests.stack.traces import ELECTRICITY, GAS, NAMES, create, sync


@pytest.mark.parametrize("code", NAMES)
def test_short_and_full_interpretations_are_accepted_and_full_ones_are_shown(
    api: Api, project: Project, code: str
) -> None:
    unit, owner = "therm" if code == "NG_C_S" else "KWH", project()
    traces = [create(api, interpretation=given, unit=unit, projects=[owner]) for given in (code, NAMES[code])]
    create(api, projects=[owner], **(ELECTRICITY if code == "NG_C_S" else GAS))
    assert [trace["interpretation"] for trace in traces] == [NAMES[code]] * 2
    for given in (code, NAMES[code]):
        assert api.get("traces/", projects=owner, interpretation=given) == traces


@pytest.mark.parametrize(
    ("interpretation", "unit", "shown"),
    [("E_C_S", unit, "KWH") for unit in ("KWH", "kWh", "kwh", "Wh", "wh", "WH", "MWh")]
    + [("NG_C_S", unit, "THERM") for unit in ("THERM", "therm", "therms", "Therms", "thm", "THM")],
)
def test_a_unit_is_normalized(api: Api, interpretation: str, unit: str, shown: str) -> None:
    trace = create(api, interpretation=interpretation, unit=unit)
    assert (trace["unit"], trace["posted_unit"]) == (shown, unit)


@pytest.mark.parametrize(
    ("fields", "unit", "factor"),
    [
        ({"unit": "CCF", "heat_content": 1.037}, "THERM", 1.037),
        ({"unit": "MCF", "heat_content": 10.37}, "THERM", 10.37),
        ({"unit": "m³", "heat_content": 0.37}, "THERM", 0.37),
        ({"unit": "Dth"}, "THERM", 10.0),
        ({"unit": "MMBtu"}, "THERM", 10.0),
        ({"unit": "kBtu"}, "THERM", 0.01),
        ({"unit": "GJ"}, "THERM", 1 / 0.105505585262),
        ({"unit": "kWh"}, "THERM", 1 / 29.307107017222222),  # as in the United Kingdom
        ({"interpretation": "E_C_S", "unit": "kBtu"}, "KWH", 0.29307107017222222),
    ],
    ids=str,
)
def test_a_meters_own_unit_is_shown_and_its_records_converted(
    api: Api, fields: dict[str, Any], unit: str, factor: float
) -> None:
    trace = create(api, **{"interpretation": "NG_C_S", **fields})
    shown = (unit, fields["unit"], fields.get("heat_content"))
    assert (trace["unit"], trace["posted_unit"], trace["heat_content"]) == shown
    assert api.get(f"traces/{trace['id']}/") == trace
    item = {"trace_id": trace["trace_id"], "interpretation": trace["interpretation"], **fields}
    assert sync(api, [item])[0]["status"] == "unchanged"
    api.post("trace_records/", [{"trace": trace["id"], "start": "2016-01-01T00:00:00Z", "value": 250}])
    (record,) = api.get("trace_records/", trace=trace["id"])
    assert record["value"] == pytest.approx(250 * factor, rel=1e-14)


def test_the_kind_of_readings_is_stored_and_reset(api: Api) -> None:
    trace = create(api, readings="register", zero_is_reading=True)
    path = f"traces/{trace['id']}/"
    assert (trace["readings"], trace["zero_is_reading"]) == ("register", True)
    assert api.get(path) == trace
    item = {"trace_id": trace["trace_id"], **ELECTRICITY}
    assert sync(api, [item, {**item, "trace_id": unique()}])[0]["status"] == "unchanged"
    assert sync(api, [{**item, "readings": "consumption"}])[0]["status"] == "updated"
    assert api.call("PATCH", path, json={"zero_is_reading": None}).json()["zero_is_reading"] is False
    assert api.get(path)["readings"] == "consumption"


def test_a_patch_to_another_fuel_needs_a_unit(api: Api) -> None:
    trace = create(api)
    problem = api.refused("PATCH", f"traces/{trace['id']}/", 400, json={"interpretation": "NG_C_S"})
    assert [error["pointer"] for error in problem["errors"]] == ["/unit"]
    assert api.get(f"traces/{trace['id']}/") == trace
