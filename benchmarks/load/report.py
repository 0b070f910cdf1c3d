"""A bulk of meter runs while many clients read and write: latencies, memory and losses.

    python -m benchmarks.load [--minutes 10] [--clients 16] [--runs 1000]

starts a new local stack, schedules the runs of sample meters at once, and lets the clients send a fixed random mix of
requests. It prints the requests by route, the memory of each process, and everything that was acknowledged and is not
there. It exits with 1 if anything is wrong: an error other than 503 or 429 with Retry-After, a response that API
Gateway or Lambda would not pass on, a loss, a violated invariant of `infra.verify`, or a function whose memory grows.
The defaults take about 12 minutes on two cores.
"""

import argparse
import logging
import os
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from benchmarks.load.check import losses, violated
from benchmarks.load.processes import MAX_GROWTH, Memory, Watch
from benchmarks.load.scenario import Outcome, fill, play, prepare
from benchmarks.load.session import Call, Session
from benchmarks.shared.stack import fresh_stack
from infra.deployment.environment import function_environment
from infra.local.deploy import environment
from infra.local.stack import NAME

SHOWN = 50  # sentences about what is wrong


def by_route(calls: Iterable[Call]) -> Iterator[str]:
    """A table of the requests by route, in Markdown."""
    routes: defaultdict[str, list[Call]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.route):
        routes[call.route].append(call)
    yield "| route | requests | not 2xx, by status | p50 ms | p95 ms | p99 ms | max ms |"
    yield "|---|---|---|---|---|---|---|"
    routes["all"] = [call for of in routes.values() for call in of]
    for route, of in routes.items():
        errors = Counter(call.status for call in of if not 200 <= call.status < 300)
        listed = ", ".join(f"{count} of {status or 'no response'}" for status, count in sorted(errors.items()))
        p50, p95, p99 = (round(1000 * percentile([call.seconds for call in of], share)) for share in (50, 95, 99))
        slowest = round(1000 * max(call.seconds for call in of))
        yield f"| {route} | {len(of):,} | {listed or '0'} | {p50:,} | {p95:,} | {p99:,} | {slowest:,} |"


def percentile(values: list[float], share: int) -> float:
    """A percentile with linear interpolation.

    >>> percentile([1.0, 2.0, 3.0], 50)
    2.0
    """
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1] if len(values) > 1 else values[0]


def by_process(found: list[Memory]) -> Iterator[str]:
    """A table of the processes and their memory, in Markdown."""
    yield "| process | pid | CPU s | MB after its warm-up | MB at the end | ratio |"
    yield "|---|---|---|---|---|---|"
    for one in found:
        warm = "" if one.warm is None else f"{one.warm:.0f}"
        ratio = "too little work" if one.ratio is None else f"{one.ratio:.2f}"
        yield f"| {one.function} | {one.pid} | {one.cpu:.0f} | {warm} | {one.end:.0f} | {ratio} |"


def wrong(outcome: Outcome, processes: list[Memory], session: Session) -> list[str]:
    """Everything that is wrong, in sentences."""
    grown = [
        f"process {one.pid} of {one.function} has grown to {one.end:.0f} MB, by more than {MAX_GROWTH - 1:.0%}"
        for one in processes
        if one.grown
    ]
    lost = losses(session, outcome)
    broken = [f"violated {violation}" for violation in sorted(violated(set()))]
    return [*outcome.faults, *lost, *session.faults, *broken, *grown]


def main() -> None:
    """Run the load test."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="for which the clients work")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--runs", type=int, default=1000, help="meter runs of the bulk request")
    arguments = parser.parse_args()
    logging.getLogger("botocore").setLevel(logging.WARNING)  # importing eemeter turns on the logs of all libraries
    with fresh_stack() as (stack, client):
        running = stack.running
        assert running is not None
        os.environ |= environment(running.endpoint_url)
        os.environ |= function_environment(NAME)
        samples = prepare(client)
        fill(client)
        print(f"{os.cpu_count()} cores; load average before: {_load()}", flush=True)
        with Watch(stack.server.state["pid"], running.endpoint_url) as watch:
            outcome = play(
                running.url, running.token, samples, 60 * arguments.minutes, arguments.clients, arguments.runs
            )
        print(
            f"{arguments.clients} clients worked for {outcome.seconds[0]:.0f} s; the last of {arguments.runs} runs in "
            f"bulk, and of {sum(len(ledger.runs) for ledger in outcome.ledgers)} single ones, ended after "
            f"{outcome.seconds[1]:.0f} s; load average: {_load()}\n"
        )
        print(*by_route(call for session in outcome.sessions for call in session.calls), "", sep="\n")
        print(*by_process(watch.found), "", sep="\n", flush=True)
        found = wrong(outcome, watch.found, Session(running.url, running.token))
    print(f"{sum(ledger.size for ledger in outcome.ledgers):,} acknowledged facts checked; {len(found)} are wrong")
    for sentence in found[:SHOWN]:
        print(f"- {sentence}")
    sys.exit(1 if found else 0)


def _load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())
