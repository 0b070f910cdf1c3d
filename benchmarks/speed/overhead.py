"""What is the overhead of a meter run? A complete daily run compared with eemeter's fits and predictions alone.

    python -m benchmarks.speed.overhead [ROUNDS]

A round runs each daily sample through `run_meter`, and the same two fits and predictions with eemeter alone, in one
process; they take turns at going first. It prints the ratio of CPU seconds, relative to eemeter with its data classes,
which any script needs before it can fit or predict, and relative to `fit` and `predict` alone.
"""

import statistics
import sys
import time
from typing import Any

import pandas as pd
from eemeter.eemeter import DailyBaselineData, DailyModel, DailyReportingData

from benchmarks.equality.samples import Windows, windows_of
from benchmarks.meters.springfield import TIMEZONE, normal_hours, observed_hours
from chalicelib.metering import run_meter
from infra.local import portfolio

SAMPLES = [name for name in portfolio.names() if name.endswith("-daily")]


def days_of(document: dict[str, Any]) -> pd.Series:
    """Return the energy of each day. The samples' days are days in Chicago, written as midnights in UTC."""
    records = pd.DataFrame(document["trace"]["records"])
    midnights = pd.DatetimeIndex(pd.to_datetime(records["start"])).tz_localize(None).tz_localize(TIMEZONE)
    return pd.Series(records["value"].to_numpy(dtype=float), index=midnights.as_unit("ns"))


def bare(energy: pd.Series, windows: Windows, *, electricity: bool) -> tuple[float, float]:
    """Return CPU seconds of eemeter alone: with its data classes, and only for fitting and predicting."""
    began = time.process_time()
    data = {}
    for label, (start, end) in windows.items():
        days = energy[start : pd.Timestamp(end) - pd.Timedelta("1h")]
        hours = observed_hours()[pd.Timestamp(start) - pd.Timedelta("2D") : pd.Timestamp(end) + pd.Timedelta("2D")]
        data[label] = DailyBaselineData.from_series(days, hours, is_electricity_data=electricity)
    normal = DailyReportingData.from_series(None, normal_hours(), is_electricity_data=electricity)
    ready = time.process_time()
    baseline = DailyModel().fit(data["baseline"], ignore_disqualification=True)
    reporting = DailyModel().fit(data["reporting"], ignore_disqualification=True)
    for model, of in (
        (baseline, data["baseline"]),
        (baseline, data["reporting"]),
        (baseline, normal),
        (reporting, data["reporting"]),
        (reporting, normal),
    ):
        model.predict(of, ignore_disqualification=True)
    ended = time.process_time()
    return ended - began, ended - ready


def whole(document: dict[str, Any]) -> float:
    """Return the CPU seconds of a meter run."""
    began = time.process_time()
    run_meter(document)
    return time.process_time() - began


def main(rounds: int) -> None:
    meters = []
    for name in SAMPLES:
        document = portfolio.meter_input(name)
        windows = windows_of(run_meter(document))  # this also compiles eemeter
        meters.append((name, document, days_of(document), windows))
    ratios: dict[str, list[float]] = {"with its data classes": [], "fit and predict alone": []}
    for number in range(rounds):
        for name, document, energy, windows in meters:
            electricity = document["trace"]["unit"] == "KWH"
            if number % 2:
                ours, theirs = whole(document), bare(energy, windows, electricity=electricity)
            else:
                theirs, ours = bare(energy, windows, electricity=electricity), whole(document)
            for of, seconds in zip(ratios.values(), theirs, strict=True):
                of.append(ours / seconds)
            print(
                f"{name:34} run {ours:.3f} s, eemeter {theirs[0]:.3f} s, fit and predict {theirs[1]:.3f} s", flush=True
            )
    for what, of in ratios.items():
        quartiles = statistics.quantiles(of, n=4)
        print(
            f"eemeter {what}: ratio {statistics.median(of):.3f} (quartiles {quartiles[0]:.3f} to {quartiles[2]:.3f},"
            f" range {min(of):.3f} to {max(of):.3f}); target: at most 1.15"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
