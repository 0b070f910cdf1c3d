"""Whatever is wrong with a posted meter input, it is refused, or its run ends with an outcome or a MeterFailure."""

import copy
import json
import os
from datetime import date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api.http import validation
from chalicelib.api.http.problems import Problem
from chalicelib.api.shared import meter_inputs
from chalicelib.metering import MeterFailure, check_meter, run_meter
from infra.local import portfolio

SAMPLES = [
    portfolio.meter_input("il-electricity-cdd-hdd-billing_monthly"),
    portfolio.meter_input("il-gas-hdd-only-billing_bimonthly"),
    portfolio.meter_input("il-gas-intercept-only-daily"),
]
NUMBERS = st.sampled_from([0, -0.0, 1, -1, 1e-300, 5e-324, 1e12, -1e12, 1e308, 2**63, 10**30]) | st.floats(
    allow_nan=False, allow_infinity=False
)
MOMENTS = st.sampled_from(
    """\
1900-01-01T00:00:00Z|2199-12-31T23:59:59.999999Z|2016-02-29|2016-01-01|20160101T00Z|2016-W01-1T00Z|2016-01-01T00:00:00|
2016-01-01T24:00:00Z|2016-01-01T00:00:00+23:59|0001-01-01T00:00:00Z|1900-01-01|2016-01-01T00:00:00.0000001Z|
2016-01-01T00:00:00,5Z|2016-01-01t00:00z|2016-01-01T00:00:00+01:02:03|2016-01-01 00:00+00|1600-01-01|
2262-04-12T00:00:00Z|2016-01-01T00:00:00-00:00|9999-12-31|2016-01-01T00:00+14:00""".replace("\n", "").split("|")
) | st.datetimes(datetime(1890, 1, 1), datetime(2210, 1, 1)).map(lambda moment: moment.isoformat() + "Z")
WORDS = st.sampled_from(
    """\
|E_C_S|E_OSG_U|NG_C_S|ARBITRARY|ARBITRARY_START|ARBITRARY_END|register|consumption|kWh|MMBtu|CCF|m3|F|C|UTC|
Europe/London|Pacific/Apia|Africa/Monrovia|60601|724390|first_year|latest_year|bootstrap|caltrack|guideline14|
regression|DailyModel|BillingModel|CaltrackBillingModel|HourlyModel|HourlyCaltrackModel|DailyLegacyModel|daily|billing|
caltrack_billing|hourly|\0""".replace("\n", "").split("|")
)
SCALARS = st.none() | st.booleans() | NUMBERS | MOMENTS | WORDS | st.text(max_size=5)
KEYS = st.sampled_from(["start", "end", "value", "ignore_sufficiency", "outliers", "alpha", "records", "settings"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
DATES = st.dates(date(2010, 1, 1), date(2022, 1, 1)).map(str)
READINGS = st.none() | st.sampled_from([0, 0.0, 1, -1, 1e-300, 5e-324, 1e12, -1e12]) | st.floats(-1e12, 1e12)
# Values that are likely to be accepted, by their key, so that most of the inputs are computed.
LIKELY: dict[Any, st.SearchStrategy[Any]] = {
    "start": st.none() | MOMENTS | DATES,
    "end": st.none() | MOMENTS | DATES,
    "value": READINGS,
    "estimated": st.booleans(),
    0: MOMENTS,
    1: st.none() | st.sampled_from([-130, 140, 0]) | st.floats(-130, 140),
    "interpretation": st.sampled_from(["E_C_S", "E_C_N", "E_OSG_U", "E_OSG_T", "NG_C_S"]),
    "unit": st.sampled_from(["KWH", "THERM", "F", "C", "MMBtu", "Wh", "GJ"]),
    "zipcode": st.sampled_from(["60601", "00000"]),
    "timezone": st.sampled_from(["UTC", "Pacific/Apia", "Africa/Monrovia", "Asia/Kathmandu", "America/Chicago"]),
    "model_class": st.sampled_from(["DailyModel", "BillingModel", "CaltrackBillingModel", "DailyLegacyModel"]),
    "model_kwargs": st.dictionaries(st.sampled_from(["settings", "alpha", "developer_mode"]), SCALARS, max_size=2),
    "formatter_class": st.sampled_from(["daily", "billing", "caltrack_billing"]),
    "formatter_kwargs": st.fixed_dictionaries(
        {"ignore_sufficiency": st.booleans(), "outliers": st.sampled_from(["keep", "exclude"])}
    ),
    "uncertainty": st.sampled_from(["regression", "guideline14", "caltrack", "bootstrap"]),
    "reporting_window": st.sampled_from(["first_year", "latest_year"])
    | st.fixed_dictionaries({"start": DATES, "end": DATES}),
    "heat_content": st.sampled_from([1.036, 10.4, 0.366]),
    "posted_unit": st.sampled_from(["CCF", "kWh", "Wh", "therms"]),
    "readings": st.sampled_from(["register", "consumption"]),
    "zero_is_reading": st.booleans(),
    "interval": WORDS,
    "distance_km": NUMBERS,
}
DULL = ("type", "trace_id", "project_id", "station")  # whose values do not matter, if they are accepted at all
NEW = ("model_class", "model_kwargs", "formatter_class", "formatter_kwargs", "uncertainty", "reporting_window")
NEW_IN_TRACE = ("heat_content", "posted_unit", "readings", "zero_is_reading", "interval")
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))  # more of them search for longer


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A sample with a few changes, each of which may be anywhere."""
    choose = Random(draw(st.integers(0, 2**64)))  # evenly, where hypothesis prefers the first of several
    document = copy.deepcopy(choose.choice(SAMPLES))
    for _ in range(choose.randint(1, 4)):
        _change(draw, choose, document)
    return document


def _change(draw: st.DrawFn, choose: Random, document: dict[str, Any]) -> None:
    new = choose.choice(NEW + NEW_IN_TRACE)
    if new in NEW:
        document[new] = _value(draw, choose, new)
    elif isinstance(document.get("trace"), dict) and choose.random() < 0.3:
        document["trace"][new] = _value(draw, choose, new)
    holder: Any = document
    while True:
        keys = [key for key in holder if key not in DULL] if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = choose.choice(keys)
        if not isinstance(holder[key], dict | list) or choose.random() < 0.05:
            break
        holder = holder[key]
    change = choose.choice(["replace", "replace", "remove", "repeat", "cut", "multiply"])
    if change == "remove" and (isinstance(holder, list) or choose.random() < 0.2):
        del holder[key]
    elif change == "repeat" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif change == "cut" and isinstance(holder, list):
        holder[:] = holder[: key + 1] if choose.random() < 0.5 else holder[key:]
    elif change == "multiply" and isinstance(document.get("trace"), dict):
        factor = draw(NUMBERS)
        for record in document["trace"].get("records") or ():
            if isinstance(record, dict) and isinstance(record.get("value"), int | float):
                record["value"] *= factor
    else:
        holder[key] = _value(draw, choose, key)


def _value(draw: st.DrawFn, choose: Random, key: str | int) -> Any:
    """A value for a key: usually one that is likely to be accepted, otherwise any."""
    return draw(LIKELY[key] if key in LIKELY and choose.random() < 0.9 else VALUES)


def accepted(document: Any) -> dict[str, Any] | None:
    """The input as it is stored when it is posted; None: it is refused."""
    raw = json.dumps(document).encode()
    try:
        found = meter_inputs.normalized(validation.from_json(meter_inputs.adapter(), raw), json.loads(raw))
    except Problem:
        return None
    return found


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents())
def test_it_is_refused_or_ends_with_an_outcome_or_a_failure(document: Any) -> None:
    stored = accepted(document)
    if stored is None:
        return
    checked = check_meter(stored)
    assert checked["failure"] is None or checked["failure"]["message"]
    try:
        outcome = run_meter(stored)
    except MeterFailure:
        return
    json.dumps(outcome, allow_nan=False)
