"""Whatever is wrong with a posted meter input, it is refused, or its run ends with an outcome or a MeterFailure."""

import copy
import json
import os
from datetime import date, datetime
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
MOMENTS = (
    st.sampled_from(
        """\
1900-01-01T00:00:00Z|2199-12-31T23:59:59.999999Z|2016-02-29|2016-01-01|20160101T00Z|2016-W01-1T00Z|2016-01-01T00:00:00|
2016-01-01T24:00:00Z|2016-01-01T00:00:00+23:59|0001-01-01T00:00:00Z|1900-01-01|2016-01-01T00:00:00.0000001Z|
2016-01-01T00:00:00,5Z|2016-01-01t00:00z|2016-01-01T00:00:00+01:02:03|2016-01-01 00:00+00|1600-01-01|
2262-04-12T00:00:00Z|2016-01-01T00:00:00-00:00|9999-12-31|2016-01-01T00:00+14:00""".replace("\n", "").split("|")
    )
    | st.datetimes(datetime(1890, 1, 1), datetime(2210, 1, 1)).map(lambda moment: moment.isoformat() + "Z")
    | st.dates(date(2010, 1, 1), date(2022, 1, 1)).map(str)
)
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
NEW = ("model_class", "model_kwargs", "formatter_class", "formatter_kwargs", "uncertainty", "reporting_window")
NEW_IN_TRACE = ("heat_content", "posted_unit", "readings", "zero_is_reading", "interval")
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))  # more of them search for longer


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A sample with a few changes, each of which may be anywhere."""
    document = copy.deepcopy(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        _change(draw, document)
    return document


def _change(draw: st.DrawFn, document: dict[str, Any]) -> None:
    if draw(st.integers(0, 3)) == 0:
        document[draw(st.sampled_from(NEW))] = draw(VALUES)
    if isinstance(document.get("trace"), dict) and draw(st.integers(0, 5)) == 0:
        document["trace"][draw(st.sampled_from(NEW_IN_TRACE))] = draw(VALUES)
    holder: Any = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        if isinstance(holder[key], dict | list) and draw(st.integers(0, 9)) > 0:
            holder = holder[key]
            continue
        break
    change = draw(st.sampled_from(["replace", "remove", "repeat", "cut", "multiply"]))
    if change == "remove":
        del holder[key]
    elif change == "repeat" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif change == "cut" and isinstance(holder, list):
        kept = holder[: key + 1] if draw(st.booleans()) else holder[key:]
        holder[:] = kept
    elif change == "multiply" and isinstance(holder, list):
        factor = draw(NUMBERS)
        for record in holder:
            if isinstance(record, dict) and isinstance(record.get("value"), int | float):
                record["value"] *= factor
            elif isinstance(record, list) and len(record) == 2 and isinstance(record[1], int | float):
                record[1] *= factor
    else:
        holder[key] = draw(VALUES)


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
