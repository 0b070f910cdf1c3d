"""Made-up meters whose savings are known, in climates made of real temperatures.

Of each meter is drawn, evenly:

    climate          one of the twelve of `climates`: the temperatures, and which years lie around the measure
    load             as `loads` says
    savings          0 to 20 % of the load, from the day on which the reporting period starts
    noise            as `noise` says, by either law; its CVRMSE is 10 to 40 % of the true load of the days of a year
    autocorrelation  of the noise from one day to the next: 0 to 0.6 (AR(1))
    reads            of bills, as `read_schedules` says

Nothing else changes, unless an event of `events` is asked for. Readings reach 490 days back from the end of the
baseline, and 490 on from the start of the reporting period. Bills are sums of days, and hours are shares of their day.
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

# Two sets of meters: one to choose and tune methods on, and one to run once, for what is published.
DEVELOPMENT, PUBLISHED = 1, 2


@dataclass(frozen=True)
class SimulatedMeter:
    """A complete serialized meter input and what it was drawn from; savings, cvrmse, autocorrelation are fractions.

    kind: one of KINDS. load: the energy of each day before the measure, without noise, by its mean temperature (F).
    noise_law: one of LAWS. schedule: one of SCHEDULES; it matters to bills. event: what was asked for, one of EVENTS;
    event_start: the first day whose reading it changes.
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
        """What the load without noise and event saves: in the normal year, or in a reporting period (ISO 8601)."""
        if interpretation.startswith("annualized"):
            days = normal_days(self.climate)
        else:
            days = observed_days(self.climate)[pd.Timestamp(start) : pd.Timestamp(end) - pd.Timedelta("1h")]
        return self.savings * float(self.load(days).sum())


def simulate(
    frequency: str, number: int, *, noise: float = 1.0, seed: int = DEVELOPMENT, event: str | None = None
) -> SimulatedMeter:
    """The meter of that number, read at that frequency: hourly, daily, billing_monthly or billing_bimonthly.

    noise: how much of its noise it has, as a fraction. seed: the set that it is of. event: one of EVENTS, or none.
    """
    building, reading, happening = map(np.random.default_rng, np.random.SeedSequence([seed, number]).spawn(3))
    climate = CLIMATES[building.integers(len(CLIMATES))]
    load = draw_load(building, climate)
    savings, cvrmse, autocorrelation = building.uniform([0, 0.1, 0], [0.2, 0.4, 0.6]).tolist()
    noise_law, schedule = str(building.choice(LAWS)), str(reading.choice(SCHEDULES))
    temperature = observed_days(climate)
    expected = load(temperature)
    true = expected.to_numpy() * np.where(expected.index >= climate.reporting_start, 1 - savings, 1.0)
    deviation = noise * deviations(noise_law, cvrmse, true, true[:YEAR])
    shown = read(true, deviation, autoregressive(building, len(true), autocorrelation), load.unit)
    changes = draw_changes(happening, event, len(true), (DAYS_AROUND - YEAR, len(true) - DAYS_AROUND))
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
        document={"type": "SINGLE_TRACE_SIMPLE_PROJECT", "trace": trace, **_surroundings(climate, trace_id)},
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


def _surroundings(climate: Climate, project_id: str) -> dict[str, Any]:
    """The project of a serialized meter input, and its weather."""
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
