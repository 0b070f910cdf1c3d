from datetime import UTC, datetime
from typing import Any

from chalicelib.store.tables.results import Derivative
from chalicelib.vocabulary import SPREAD_NUMBERS


def test_a_derivative_fits_in_one_write_request_unit() -> None:
    number = -12345.678901234567
    moment = datetime(2016, 9, 28, 23, 57, 21, 454235, tzinfo=UTC)
    longest: dict[str, Any] = {
        "trace_interpretation": "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED",
        "interpretation": "annualized_weather_normal",
        "unit": "THERM",
        "uncertainty": "guideline14",
        "eemeter_version": "4.1.1",
        "added": moment,
        "updated": moment,
    }
    longest |= dict.fromkeys(("id", "meter_result", "trace", "project"), 10**9)
    longest["spread"] = [number] * len(SPREAD_NUMBERS)
    longest |= dict.fromkeys(set(Derivative.get_attributes()) - longest.keys(), number)
    item = Derivative(**longest).serialize()
    # An upper bound: numbers are longer as text than in DynamoDB's encoding.
    assert sum(len(name) + len(next(iter(value.values()))) for name, value in item.items()) < 1024
