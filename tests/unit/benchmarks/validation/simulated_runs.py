"""Simulated outcomes, for tests without meter runs."""

from benchmarks.meters.climates import CLIMATES, Climate
from benchmarks.validation.plan import MONTHLY
from benchmarks.validation.simulation import ELECTRIC_BASE_LOAD, Group, Job, Outcome


def outcome(
    error: float = 0.0,
    half_width: float | None = 1.0,
    *,
    group: Group = MONTHLY,
    number: int = 0,
    load: str = ELECTRIC_BASE_LOAD,
    climate: Climate = CLIMATES[0],
    interpretation: str = "gross_observed",
    autocorrelation: float = 0.1,
    sufficient: bool = True,
    baseline: float = 100.0,
    systematic_error: float | None = None,
) -> Outcome:
    """Return savings of 10 % plus an error, in percent of the baseline; only the baseline has a half-width."""
    width = None if half_width is None else half_width * baseline / 100
    sides = {
        "baseline": (baseline, width),
        "reporting": (baseline * (0.9 - error / 100), 0.0),
    }
    derivative = {
        f"{side}_{part}": value
        for side, (of_side, width) in sides.items()
        for part, value in {"value": of_side, "lower": width, "upper": width, "n": 365}.items()
    }
    about = {"interpretation": interpretation, "unit": "KWH", "label": "a", "uncertainty": group.uncertainty}
    return Outcome(
        job=Job(group, number),
        load=load,
        climate=climate,
        noise_law="independent of load",
        autocorrelation=autocorrelation,
        sufficient=sufficient,
        poor_fit=False,
        derivative=derivative | about | {"systematic_error": systematic_error},
        true=0.1 * baseline,
    )
