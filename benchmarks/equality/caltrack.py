"""Does our model of CalTRACK's billing method match that of eemeter 3.2.0, the last version with the method?

    python -m benchmarks.equality.caltrack
    python -m benchmarks.equality.caltrack record FILE

The first fits the baselines of eemeter's Illinois bills and of simulated meters (seed DEVELOPMENT) with both, prints
one row per group of meters, and exits with 1 if a number differs by more than 1e-9. It takes several minutes, nearly
all of them in eemeter. The second writes a few small meters with eemeter's fits for the unit tests.

eemeter 3.2.0 needs pandas < 2.1 and numpy < 2, so it runs in its own virtual environment, in .local/caltrack.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.meters.simulated_meter import DEVELOPMENT, simulate
from chalicelib.metering.models.caltrack.data import BillData
from chalicelib.metering.models.caltrack.model import CaltrackBillingModel
from infra.local import portfolio
from infra.packaging.cache import fingerprint, once
from infra.sources import REPOSITORY

TOLERANCE = 1e-9
REQUIREMENTS = (
    "eemeter==3.2.0",
    "numpy==1.26.4",
    "pandas==2.0.3",
    "scipy==1.17.1",
    "setuptools==69.5.1",
    "statsmodels==0.15.0",
)
REFERENCE = REPOSITORY / "benchmarks" / "equality" / "caltrack_reference.py"
ENVIRONMENTS = REPOSITORY / ".local" / "caltrack"

FREQUENCIES = ("billing_monthly", "billing_bimonthly")
SIMULATED = range(12)  # numbers of the meters of each frequency
WITH_GAPS, NET = (0, 1, 3), (0, 8)  # simulated meters with gaps, and with solar panels
YEAR = pd.Timedelta(days=365)
POINTS = ("heating_balance_point", "cooling_balance_point")
NUMBERS = ("intercept", "heating_slope", "cooling_slope", "r2_adjusted")


@dataclass(frozen=True)
class Meter:
    """A year of bills. starts: the first day of each bill (ISO 8601), and the day after the last.

    energy: of each bill, None if missing. temperature: hourly in °F from midnight of the first day, None if missing.
    All days have 24 hours, as in UTC: eemeter 3.2.0 counts a bill's days in steps of 24 hours from its start, which are
    not calendar days when clocks change.
    """

    name: str
    group: str
    electricity: bool
    starts: list[str]
    energy: list[float | None]
    temperature: list[float | None]


Fit = dict[str, Any]  # what `fit_ours` returns


def baseline(document: dict[str, Any], group: str) -> Meter:
    """Return the complete bills of a meter input that best match the year before the end of its baseline."""
    records, project = document["trace"]["records"], document["project"]
    reads = pd.to_datetime([record["start"] for record in records], utc=True)
    end = pd.Timestamp(project["modeling_period_group"]["baseline_period"]["end"])
    last = int(np.flatnonzero(reads <= end)[-1])
    first = int(np.abs(reads - (reads[last] - YEAR)).argmin())
    days = (reads[first : last + 1].tz_convert(project["timezone"]) + pd.Timedelta(hours=12)).tz_localize(None)
    days = days.normalize()  # the samples are read at midnight standard time, in summer too
    hours = pd.Series({pd.Timestamp(start): value for start, value in document["weather"]["records"]}).asfreq("h")
    temperature = hours[reads[first] :].iloc[: 24 * (days[-1] - days[0]).days]
    electricity = document["trace"]["interpretation"].startswith("ELECTRICITY")
    return Meter(
        name=document["trace"]["trace_id"],
        group=f"{group}, {'electricity' if electricity else 'gas'}",
        electricity=electricity,
        starts=[f"{day:%Y-%m-%d}" for day in days],
        energy=[record["value"] for record in records[first:last]],
        temperature=_known(temperature),
    )


def simulated(frequency: str, number: int) -> Meter:
    """Return the baseline of a simulated meter."""
    return baseline(simulate(frequency, number, seed=DEVELOPMENT).document, f"simulated, {frequency[8:]}")


def with_gaps(meter: Meter) -> Meter:
    """Remove 5 % of the hours, half of some days, all of others, eight days of one bill, and another bill's energy."""
    days = len(meter.temperature) // 24
    missing = np.random.default_rng(days).random((days, 24)) < 0.05
    missing[7::31, :11] = True
    missing[13::31, :12] = True
    missing[19::61] = True
    starts = pd.DatetimeIndex(meter.starts)
    missing[(starts[2] - starts[0]).days :][:8] = True
    energy = [None if bill == 4 else value for bill, value in enumerate(meter.energy)]
    temperature = pd.Series(meter.temperature, dtype=float).mask(missing.ravel())
    return replace(meter, group="with gaps", energy=energy, temperature=_known(temperature))


def with_panels(meter: Meter) -> Meter:
    """Make a net meter: subtract solar generation, twice the mean use in midsummer and zero in midwinter."""
    starts = pd.DatetimeIndex(meter.starts)
    length = np.diff(starts).astype("timedelta64[D]").astype(float)
    middle = (starts[:-1].dayofyear.to_numpy() + length / 2 - 172) / 365.25
    used = np.array(meter.energy, dtype=float)
    generated = length * used.sum() / length.sum() * (1 + np.cos(2 * np.pi * middle))
    return replace(meter, group="net meters", energy=(used - generated).tolist())


def _known(values: "pd.Series[float]") -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def meters() -> list[Meter]:
    """Return all meters to compare."""
    samples = [name for name in portfolio.names() if "billing" in name]
    found = [baseline(portfolio.meter_input(name), "Illinois") for name in samples]
    for frequency in FREQUENCIES:
        found += [simulated(frequency, number) for number in SIMULATED]
    for frequency in FREQUENCIES:
        found += [with_gaps(simulated(frequency, number)) for number in WITH_GAPS]
        found += [with_panels(simulated(frequency, number)) for number in NET]
    return found


def fit_ours(meter: Meter) -> Fit:
    """Return a fit: model type, balance points (°F), intercept (per day), slopes (per degree day), adjusted R².

    With its CPU seconds.
    """
    starts = pd.DatetimeIndex(pd.to_datetime(meter.starts, utc=True))
    bills = pd.Series([*meter.energy, None], index=starts, dtype=float)
    clock = pd.date_range(starts[0], periods=len(meter.temperature), freq="h")
    hours = pd.Series(meter.temperature, index=clock, dtype=float)
    began = time.process_time()
    model = CaltrackBillingModel({})
    model.fit(BillData.from_series(bills, hours, meter.electricity))
    return model.to_dict() | {"seconds": time.process_time() - began}


def fit_theirs(compared: list[Meter]) -> list[Fit]:
    """Return eemeter 3.2.0's fits, each with `own_choice`: whether eemeter's own rules choose it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([asdict(meter) for meter in compared], file)
        file.flush()
        # -P: do not import this folder's modules
        command = [str(_python()), "-P", "-W", "ignore", str(REFERENCE), file.name]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={"OMP_NUM_THREADS": "1"})
    fits: list[Fit] = json.loads(ran.stdout)
    return fits


def _python() -> Path:
    """Return the Python with eemeter 3.2.0, installing it if needed."""
    return once(ENVIRONMENTS, fingerprint([], REQUIREMENTS, sys.version), _install) / "bin" / "python"


def _install(directory: Path) -> None:
    print("Installing eemeter 3.2.0 ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
    pip = [str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *REQUIREMENTS], check=True)


def same_candidate(one: Fit, other: Fit) -> bool:
    """Return whether both have the same type of model and the same balance points."""
    return all(one[key] == other[key] for key in ("model_type", *POINTS))


def difference(one: Fit, other: Fit) -> float:
    """Return the largest relative difference between the numbers of two fits of the same candidate."""
    return max(_relative(one[key], other[key]) for key in NUMBERS)


def tied(one: Fit, other: Fit) -> bool:
    """Return whether two fits are the same line with different balance points.

    All heating balance points above the hottest day give the same fit, as do all cooling ones below the coldest day.
    Their adjusted R² are equal except for rounding, which decides.
    """
    ends = [
        fit["intercept"]
        + fit["heating_slope"] * (fit["heating_balance_point"] or 0)
        - fit["cooling_slope"] * (fit["cooling_balance_point"] or 0)
        for fit in (one, other)
    ]
    slopes = max(_relative(one[key], other[key]) for key in NUMBERS[1:])
    return one["model_type"] == other["model_type"] and max(slopes, _relative(*ends)) <= TOLERANCE


def _relative(one: float, other: float) -> float:
    return 0.0 if one == other else abs(one - other) / max(abs(one), abs(other))


def compare() -> int:
    """Print one row per group, and the meters whose fits differ. Return how many differ without being tied."""
    compared = meters()
    theirs = fit_theirs(compared)
    fit_ours(compared[0])  # warm up what is computed only once
    groups: defaultdict[str, list[tuple[Fit, Fit]]] = defaultdict(list)
    notes, wrong = [], 0
    for meter, their in zip(compared, theirs, strict=True):
        our = fit_ours(meter)
        groups[meter.group].append((our, their))
        if not (same_candidate(our, their) and difference(our, their) <= TOLERANCE):
            wrong += not tied(our, their)
            found = "tied" if tied(our, their) else "DIFFERENT"
            notes.append(f"{meter.name}: {found}, {_text(our)} and eemeter's {_text(their)}")
        if not their["own_choice"]:
            notes.append(f"{meter.name}: eemeter's own rules reject a negative intercept, so another model or none")
    print("| bills | meters | agree to 1e-9 | tied | largest difference | eemeter 3.2.0, s | ours, s | times as fast |")
    print("|---|---|---|---|---|---|---|---|")
    groups["all"] = [pair for pairs in groups.values() for pair in pairs]
    print("\n".join(_row(group, pairs) for group, pairs in groups.items()))
    print("\n".join(notes))
    return wrong


def _text(fit: Fit) -> str:
    return ", ".join(f"{key} {fit[key]}" for key in ("model_type", *POINTS, *NUMBERS) if fit[key])


def _row(group: str, pairs: list[tuple[Fit, Fit]]) -> str:
    same = [difference(our, their) for our, their in pairs if same_candidate(our, their)]
    ties = sum(tied(our, their) for our, their in pairs if not same_candidate(our, their))
    ours, theirs = (sum(fit["seconds"] for fit in fits) / len(pairs) for fits in zip(*pairs, strict=True))
    agree = sum(one <= TOLERANCE for one in same)
    return (
        f"| {group} | {len(pairs)} | {agree} | {ties} | {max(same):.0e} |"
        f" {theirs:.2f} | {ours:.4f} | {theirs / ours:.0f} |"
    )


def record(path: Path) -> None:
    """Write ten meters with daily temperatures, one line each, with eemeter's fits."""
    chosen = [simulated("billing_monthly", number) for number in (0, 1, 5, 7)]
    chosen += [simulated("billing_bimonthly", number) for number in (2, 3, 6, 9)]
    chosen += [with_gaps(simulated("billing_monthly", 8)), with_panels(simulated("billing_bimonthly", 0))]
    small = [_by_days(meter) for meter in chosen]
    lines = []
    for meter, fit in zip(small, fit_theirs([by_hours(meter) for meter in small]), strict=True):
        del fit["seconds"], fit["own_choice"]
        lines.append(json.dumps(asdict(meter) | {"fit": fit}))
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def _by_days(meter: Meter) -> Meter:
    """Replace the temperatures by daily means, rounded to 0.1 °F, and round the energy to two decimals."""
    days = pd.DataFrame(np.reshape(np.array(meter.temperature, dtype=float), (-1, 24)))
    means = days.mean(axis=1).where(days.count(axis=1) > 12).round(1)
    return replace(meter, energy=_known(pd.Series(meter.energy, dtype=float).round(2)), temperature=_known(means))


def by_hours(meter: Meter) -> Meter:
    """Convert a recorded meter to hourly temperatures, constant within each day."""
    return replace(meter, temperature=[day for day in meter.temperature for _ in range(24)])


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            return int(compare() > 0)
        case ["record", path]:
            record(Path(path))
            return 0
        case _:
            print(__doc__)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
