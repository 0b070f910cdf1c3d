"""How much faster are our fits and meter runs than eemeter's own, with bit-identical results?

    python -m benchmarks.speed [ROUNDS]

prints, in CPU seconds of one process, the fits of both periods of the Illinois samples (24 fits), with and without the
acceleration; then complete meter runs compared with eemeter as its users call it (benchmarks/equality/samples.py), and
where the remaining time of a run goes; then the same runs in a process pool. Each pair is measured alternately.
`benchmarks.speed.throughput` measures end to end, through the API. The benchmark stops if fitted models differ.
"""

import cProfile
import logging
import multiprocessing
import os
import pstats
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from typing import Any, NamedTuple

from eemeter.eemeter import BillingBaselineData, BillingModel, DailyBaselineData, DailyModel
from eemeter.eemeter.samples import load_sample

from benchmarks.equality.samples import TIMEZONE, Windows, directly, meter_input, windows_of
from chalicelib.metering import MeterFailure, run_meter
from chalicelib.metering.acceleration import accelerated
from infra.local import portfolio

SAMPLES = [name for name in portfolio.names() if not name.endswith("-hourly")]
PROCESSES = max(2, os.cpu_count() or 2)
PARTS = (  # of a run, with the functions that contain them
    ("the optimizer and its objective", "opt_optimize"),
    ("other parts of eemeter's fits", "changepoint.py:fit"),
    ("eemeter's data classes", "from_series"),
    ("reading the input", "serialized.py:read"),
)


class Fit(NamedTuple):
    """A fit to make: its kind, model class and data."""

    kind: str
    model: Callable[[], Any]
    data: Any


def fits() -> list[Fit]:
    """Return fits of both periods of each daily and billing sample."""
    found = []
    for name in SAMPLES:
        meter, temperature, about = load_sample(name)
        billing = about["freq"].startswith("billing")
        local = meter.tz_localize(None).tz_localize(TIMEZONE) if not billing else meter.tz_convert(TIMEZONE)
        if billing:
            local.index = local.index.tz_localize(None).normalize().tz_localize(TIMEZONE)
        data_class, model = (BillingBaselineData, BillingModel) if billing else (DailyBaselineData, DailyModel)
        for period in (local[: about["blackout_start_date"]].iloc[-365:], local[about["blackout_end_date"] :][:365]):
            data = data_class.from_series(period, temperature, is_electricity_data="electricity" in name)
            found.append(Fit(kind_of(name), model, data))
    return found


def kind_of(name: str) -> str:
    """Return a sample's frequency and fuel."""
    return f"{'billing' if 'billing' in name else 'daily'}, {'electricity' if 'electricity' in name else 'gas'}"


def fitted(fit: Fit, *, ours: bool) -> tuple[float, str]:
    """Run a fit. Return its CPU seconds and the model as JSON."""
    model = fit.model()
    with accelerated() if ours else nullcontext():
        began = time.process_time()
        model.fit(fit.data, ignore_disqualification=True)
        return time.process_time() - began, model.to_json()


def compare_fits(rounds: int) -> None:
    """Print one row per kind of fit."""
    made = fits()
    for fit in made[:1] + made[-1:]:
        fitted(fit, ours=False)  # numba compiles
    seconds: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for fit in made:
            (theirs, model), (ours, same) = fitted(fit, ours=False), fitted(fit, ours=True)
            assert model == same, f"{fit.kind}: the fitted models differ"
            seconds.setdefault(fit.kind, []).append((theirs, ours))
    _table("fits", seconds, rounds)


def compare_runs(rounds: int) -> None:
    """Print one row per kind of meter run."""
    seconds: dict[str, list[tuple[float, float]]] = {}
    for name in runnable():
        document = meter_input(name)
        windows = windows_of(run_meter(document))
        for _ in range(rounds):
            began = time.process_time()
            directly(name, windows)
            between = time.process_time()
            run_meter(document)
            seconds.setdefault(kind_of(name), []).append((between - began, time.process_time() - between))
    _table("meter runs", seconds, rounds)


def runnable() -> list[str]:
    """Return the samples that eemeter's criteria do not disqualify."""
    found = []
    for name in SAMPLES:
        try:
            run_meter(meter_input(name))
        except MeterFailure:
            continue
        found.append(name)
    return found


def _table(what: str, seconds: dict[str, list[tuple[float, float]]], rounds: int) -> None:
    everything = [pair for pairs in seconds.values() for pair in pairs]
    print(f"\n| {what} | eemeter, s | datastore, s | speedup (min to max) |\n|---|---|---|---|")
    for kind, pairs in [*seconds.items(), ("all", everything)]:
        theirs, ours = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
        ratios = [one / other for one, other in pairs]
        print(f"| {kind} | {theirs:.3f} | {ours:.3f} | {theirs / ours:.1f} ({min(ratios):.1f} to {max(ratios):.1f}) |")
    print(f"({len(everything) // rounds} {what}, {rounds} times each)", flush=True)


def print_profile() -> None:
    """Profile accelerated daily meter runs, and print where their time goes."""
    documents = [portfolio.meter_input(name) for name in SAMPLES if name.endswith("-daily")]
    profile = cProfile.Profile()
    profile.enable()
    for document in documents:
        run_meter(document)
    profile.disable()
    rows = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    spent = {f"{file.rsplit('/', 1)[-1]}:{name}": row[3] for (file, _, name), row in rows.items()}
    whole = spent["meter.py:run_meter"]
    shares: dict[str, float] = {}
    for part, function in PARTS:
        shares[part] = max(value for name, value in spent.items() if function in name) / whole
    shares["other parts of eemeter's fits"] -= shares["the optimizer and its objective"]
    shares["other"] = 1 - sum(shares.values())
    print("\nWhere the time of a daily run goes:", ", ".join(f"{part} {share:.0%}" for part, share in shares.items()))


def warm(_: int) -> None:
    """Import and compile in a process of the pool."""
    logging.getLogger("eemeter").setLevel(logging.ERROR)
    name = SAMPLES[-1]
    directly(name, windows_of(run_meter(portfolio.meter_input(name), accelerate=False)))


def compare_pools(rounds: int) -> None:
    """Print the daily runs per second in a pool of processes: eemeter as its users call it, and ours."""
    names = [name for name in SAMPLES if name.endswith("-daily")] * 4
    windows: dict[str, Windows] = {name: windows_of(run_meter(portfolio.meter_input(name))) for name in set(names)}
    documents = [portfolio.meter_input(name) for name in names]
    ratios = []
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(warm, range(4 * PROCESSES)))
        for _ in range(rounds):
            began = time.perf_counter()
            _all(pool.map(directly, names, [windows[name] for name in names]))
            between = time.perf_counter()
            _all(pool.map(run_meter, documents))
            theirs, ours = between - began, time.perf_counter() - between
            ratios.append(theirs / ours)
            print(f"pool of {PROCESSES}: eemeter {len(names) / theirs:.2f} runs/s, ours {len(names) / ours:.2f} runs/s")
    print(f"ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")


def _all(results: Iterable[Any]) -> None:
    for _ in results:
        pass


def main(rounds: int) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    logging.getLogger("eemeter").setLevel(logging.ERROR)
    compare_fits(rounds)
    compare_runs(rounds)
    print_profile()
    print()
    compare_pools(rounds)
