"""The simulated night: every run ends once, times are exact without limits, and a tight limit is named."""

import inspect
from dataclasses import replace

import pytest

from benchmarks.night.costs import by_resource, of_retries
from benchmarks.night.limits import NO_LIMITS, TRANSACTION, Limits
from benchmarks.night.outcome import CONFLICTS, EXPANSION, SCALING, WORKERS, Night
from benchmarks.night.profile import Profile
from benchmarks.night.simulation import simulate
from chalicelib.store.shared import retries

RUNS = 10_000
# Runs that all take 0.39 s, are all there at once, and meet warm workers that know all stations.
EXACT = replace(
    Profile(),
    chunk_write=0,
    chunk_send=0,
    chunk_other=0,
    cpu=0.3,
    spread=0,
    cold_start=0,
    s3_gets=2,
    weather_gets=0,
    hold=0,
    batch_shards=1,
    status_shards=16,
    projects=None,
)
# AWS's limits, but all workers start at once.
NO_SCALING = replace(Limits(), source_start=1_000, lambda_start=1_000)


def ended(night: Night) -> int:
    return night.succeeded + night.given_up


def hottest(night: Night) -> str:
    return next(iter(by_resource(night)))


def test_without_limits_a_night_takes_as_long_as_computed_by_hand() -> None:
    night = simulate(RUNS, 64, EXACT, NO_LIMITS)
    assert EXACT.seconds == pytest.approx(0.39)
    assert night.duration == pytest.approx(157 * 0.39)  # 10,000 / 64, rounded up
    assert (night.succeeded, night.throttled, night.conflicts, night.limiter) == (RUNS, 0, 0, WORKERS)
    assert of_retries(night) == 0
    assert night.ended_by(night.duration + 1) == RUNS


def test_cold_starts_and_a_slow_expansion_take_their_time() -> None:
    cold = simulate(RUNS, 100, replace(EXACT, cold_start=0.84), NO_LIMITS)
    assert cold.duration == pytest.approx(0.84 + 100 * 0.39)
    # Two chunks are written and sent within 40 s each; 1,000 workers wait for them.
    slow = simulate(RUNS, 1_000, replace(EXACT, chunk=RUNS // 2, chunk_write=20, chunk_send=20), NO_LIMITS)
    assert slow.duration == pytest.approx(80, abs=1)
    assert slow.limiter == EXPANSION


def test_the_event_source_starts_five_workers_more_each_second() -> None:
    night = simulate(RUNS, 1_000, EXACT, replace(NO_LIMITS, source_start=5, source_growth=5))
    # Work done by t is (5 t + 5 t^2 / 2) / 0.39 runs: 10,000 at 38.5 s.
    assert night.duration == pytest.approx(38.5, abs=1)
    assert night.limiter == SCALING


@pytest.mark.parametrize("concurrency", [50, 1_000])
def test_each_run_ends_exactly_once_under_aws_limits(concurrency: int) -> None:
    night = simulate(RUNS, concurrency, Profile(), Limits())
    assert ended(night) == RUNS
    assert sum(night.ended_in.values()) == night.succeeded


def test_runs_that_are_refused_for_long_are_delivered_again_and_given_up_but_end_once() -> None:
    night = simulate(3_000, 1_000, Profile(), replace(NO_SCALING, key_writes=30))
    assert ended(night) == 3_000
    assert sum(night.ended_in.values()) == night.succeeded
    assert night.redelivered > 0
    assert night.given_up > 0
    assert of_retries(night) > 0


@pytest.mark.parametrize(
    ("tight", "name"),
    [
        ({"s3_puts": 200.0}, "S3: puts to a prefix"),
        ({"s3_gets": 200.0}, "S3: gets of a prefix"),
        ({"table_reads": 100.0}, "traces, projects: reads of a table"),
        ({"key_reads": 100.0}, "batches: a shard's key, reads"),
    ],
)
def test_a_tight_limit_is_named_as_the_limiter(tight: dict[str, float], name: str) -> None:
    night = simulate(RUNS, 200, EXACT, replace(NO_LIMITS, **tight))
    assert ended(night) == RUNS
    assert night.limiter == hottest(night) == night.spots[0].name == name


def test_a_saturated_limit_sets_the_rate() -> None:
    night = simulate(RUNS, 200, EXACT, replace(NO_LIMITS, key_writes=200.0, source_start=200))
    assert night.limiter == "batches: a shard's key"
    assert night.ended_by(30) == pytest.approx(30 * 100, rel=0.1)  # two units per run


def test_the_shards_of_a_batch_conflict_less_if_there_are_more() -> None:
    few, many = (simulate(RUNS, 500, replace(EXACT, hold=0.01, batch_shards=n), NO_LIMITS) for n in (4, 4_096))
    assert few.limiter == CONFLICTS
    assert few.conflicts > 100 * many.conflicts
    assert few.duration > many.duration
    assert ended(few) == ended(many) == RUNS


def test_one_project_of_all_meters_is_a_hot_key_while_runs_are_created() -> None:
    one, each = (simulate(RUNS, 50, replace(Profile(), projects=n), NO_SCALING) for n in (1, None))
    name = "runs: index by project, a project's key"
    assert by_resource(one)[name] > 0
    assert name not in by_resource(each)


def test_the_pauses_are_those_of_the_code() -> None:
    assert TRANSACTION.first == inspect.signature(retries.attempts).parameters["first"].default
