"""Simulated meters with known savings, in climates derived from real temperatures.

For each meter, these are drawn uniformly:

    climate          one of the twelve in `climates`: the temperatures, and the years before and after the measure
    load             see `loads`
    savings          0 to 20 % of the load, from the first day of the reporting period
    noise            by one of the two laws in `noise`; its CVRMSE is 10 to 40 % of the true daily load of a year
    autocorrelation  of the noise from one day to the next: 0 to 0.6 (AR(1))
    reads            of bills, see `read_schedules`

Nothing else changes, unless an event of `events` is requested. Readings cover the 490 days before the end of the
baseline and the 490 days after the start of the reporting period. Bills are sums of days, hours are shares of days.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.meters.climates import CLIMATES, DAYS_AROUND, YEAR, Climate, normal_days, observed_days, weather
from benchmarks.meters.events import draw_changes
from benchmarks.meters.loads import KINDS, Load, draw_load
from benchmarks.meters.noise import LAWS, autoregressive, deviations, read
from benchmarks.meters.read_schedules import SCHEDULES
from benchmarks.meters.readings import records

__all__ = [
    "DEVELOPMENT",
    "KINDS",
    "PUBLISHED",
    "SimulatedMeter",
    "simulate",
]

# Two sets of meters: one for choosing and tuning methods, and one that is run once, for the published results.
DEVELOPMENT, PUBLISHED = 1, 2


@dataclass(frozen=True)
class SimulatedMeter:
    """A complete serialized meter input, and how it was drawn. savings, cvrmse, autocorrelation: fractions.

    kind: one of KINDS. load: gives the energy before the measure, without noise, from daily mean temperatures (°F).
    noise_law: one of LAWS. schedule: one of SCHEDULES, only used for bills. event: the requested one of EVENTS, if any.
    event_start: the first day whose reading the event changes.
    """

    document: dict[str, Any]
    kind: str
    savings: float
    cvrmse: float
    autocorrelation: float
    load: Load
    climate: Climate
    noise_law: str
    schedule: str
    event: str | None
    event_start: pd.Timestamp | None

    def truth(self, interpretation: str, start: str, end: str) -> float:
        """Return the true savings, without noise and event, in the normal year or in a reporting period (ISO 8601)."""
        if interpretation.startswith("annualized"):
            days = normal_days(self.climate)
        else:
            days = observed_days(self.climate)[pd.Timestamp(start) : pd.Timestamp(end) - pd.Timedelta("1h")]
        return self.savings * float(self.load(days).sum())


def simulate(
    frequency: str, number: int, *, noise: float = 1.0, seed: int = DEVELOPMENT, event: str | None = None
) -> SimulatedMeter:
    """Return the meter with this number, read hourly, daily, billing_monthly or billing_bimonthly.

    noise: factor on the meter's noise. seed: the set of meters. event: one of EVENTS, or None.
    """
    building, reading, event_draw = map(np.random.default_rng, np.random.SeedSequence([seed, number]).spawn(3))
    climate = CLIMATES[building.integers(len(CLIMATES))]
    load = draw_load(building, climate)
    savings, cvrmse, autocorrelation = building.uniform([0, 0.1, 0], [0.2, 0.4, 0.6]).tolist()
    noise_law, schedule = str(building.choice(LAWS)), str(reading.choice(SCHEDULES))
    temperature = observed_days(climate)
    expected = load(temperature)
    true = expected.to_numpy() * np.where(expected.index >= climate.reporting_start, 1 - savings, 1.0)
    deviation = noise * deviations(noise_law, cvrmse, true, true[:YEAR])
    shown = read(true, deviation, autoregressive(building, len(true), autocorrelation), load.unit)
    changes = draw_changes(event_draw, event, len(true), (DAYS_AROUND - YEAR, len(true) - DAYS_AROUND))
    factors = (load(temperature, changes.base, changes.conditioning) / expected * changes.reading).to_numpy()
    trace_id = f"{frequency}-{seed}-{number}"
    trace = {
        "type": "ARBITRARY_START",
        "trace_id": trace_id,
        "interpretation": f"{'ELECTRICITY' if load.unit == 'KWH' else 'NATURAL_GAS'}_CONSUMPTION_SUPPLIED",
        "unit": load.unit,
        "interval": frequency,
        "records": records(reading, climate, shown * factors, frequency, schedule),
    }
    return SimulatedMeter(
        document={"type": "SINGLE_TRACE_SIMPLE_PROJECT", "trace": trace, **_project_and_weather(climate, trace_id)},
        kind=load.kind,
        savings=savings,
        cvrmse=cvrmse,
        autocorrelation=autocorrelation,
        load=load,
        climate=climate,
        noise_law=noise_law,
        schedule=schedule,
        event=event,
        event_start=expected.index[(factors != 1).argmax()] if event else None,
    )


def _project_and_weather(climate: Climate, project_id: str) -> dict[str, Any]:
    """Return the project and weather of a serialized meter input."""
    project = {
        "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
        "project_id": project_id,
        "timezone": climate.timezone,
        "modeling_period_group": {
            "baseline_period": {"start": None, "end": climate.baseline_end.isoformat()},
            "reporting_period": {"start": climate.reporting_start.isoformat(), "end": None},
        },
    }
    return {"project": project, **weather(climate)}
