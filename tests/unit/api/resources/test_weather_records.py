"""weather_records/"""

from typing import Any

import pytest

from chalicelib.api.shared import examples
from tests.unit.api.conftest import Api


def test_temperatures_are_stored_in_fahrenheit(call: Api) -> None:
    record = {
        "station": "724390",
        "dataset": "observed",
        "start": "2015-01-01T00:00:00Z",
        "temperature": 10,
        "unit": "C",
    }
    assert call("POST", "weather_records/", [record]).json == {"records": 1}
    stored = {**record, "start": "2015-01-01T00:00:00.000000Z", "temperature": 50.0, "unit": "F"}
    assert call("GET", "weather_records/?station=724390").json == [stored]
    assert call("GET", "weather_records/?station=724390&dataset=normal").json == []


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 999.9},
        {"temperature": 60.1},
        {"temperature": -90.1},
        {"temperature": 140.1, "unit": "F"},
        {"temperature": -130.1, "unit": "F"},
        {"temperature": None},
        {"unit": "K"},
        {"station": "7243"},
        {"dataset": "tmy3"},
    ],
)
def test_an_invalid_temperature_is_refused(call: Api, change: Any) -> None:
    record = {
        "station": "724390",
        "dataset": "observed",
        "start": "2015-01-01T00:00:00Z",
        "temperature": 10,
        "unit": "C",
    }
    response = call("POST", "weather_records/", [{**record, **change}])
    assert (response.status, response.pointers) == (400, [f"/0/{next(iter(change))}"])
    if change.get("temperature"):
        assert "leave out the hours" in response.json["detail"]


@pytest.mark.parametrize(
    ("temperature", "unit", "message"),
    [
        (75, "C", "75 °C is outside -90 to 60 °C; if it is in °F, give that unit; leave out"),
        (-100, "C", "-100 °C is outside -90 to 60 °C; if it is in °F, give that unit; leave out"),
        (999.9, "C", "999.9 °C is outside -90 to 60 °C; leave out"),
        (150, "F", "150 °F is outside -130 to 140 °F; leave out"),
    ],
)
def test_an_impossible_temperature_is_reported_with_the_likely_cause(
    call: Api, temperature: float, unit: str, message: str
) -> None:
    hour = "2015-01-01T00:00:00Z"
    record = {"station": "724390", "dataset": "observed", "start": hour, "temperature": temperature, "unit": unit}
    response = call("POST", "weather_records/", [{**record, "temperature": 50}, record])
    assert response.pointers == ["/1/temperature"]
    assert response.json["detail"].startswith(message)
    assert call("GET", "weather_records/?station=724390").json == []
    for name in ("weather", "weather_normal"):
        weather = {"unit": unit, "records": [[hour, 50], [hour, None], [hour, temperature]]}
        response = call("POST", "meter_runs/", {"meter_input": {**examples.METER_INPUT, name: weather}})
        assert response.pointers == [f"/meter_input/{name}/records/2/1"]
        assert response.json["detail"].startswith(message)


@pytest.mark.parametrize(("unit", "limits"), [("F", (-130, 140)), ("C", (-90, 60))])
def test_the_limits_themselves_are_accepted(call: Api, unit: str, limits: tuple[int, int]) -> None:
    record = {"station": "724390", "dataset": "observed", "unit": unit}
    records = [{**record, "start": f"2015-01-0{n}T00:00:00Z", "temperature": t} for n, t in enumerate(limits, start=1)]
    assert call("POST", "weather_records/", records).status == 201
    assert [one["temperature"] for one in call("GET", "weather_records/?station=724390").json] == [-130, 140]
