"""Recommendations follow from the model."""

from dataclasses import replace

from benchmarks.night.limits import NO_LIMITS, Limits
from benchmarks.night.outcome import Night
from benchmarks.night.profile import Profile
from benchmarks.night.recommendations import _highest, fitted, shards_and_conflicts, thresholds
from benchmarks.night.report import hot_spots, limit_rows, row, scenarios
from benchmarks.night.simulation import simulate


def test_a_limit_begins_where_its_capacity_divided_by_the_units_of_a_run_is() -> None:
    limits = replace(NO_LIMITS, s3_puts=3_500.0)
    night = simulate(1_000, 10, Profile(), limits)
    lowest = thresholds(night, Profile())[0]
    assert (lowest.name, lowest.units, lowest.rate) == ("S3: puts to a prefix", 2.0, 1_750.0)
    assert lowest.workers == 1_750 * Profile().seconds


def test_many_workers_need_more_partitions_and_warm_tables() -> None:
    few, as_new = fitted(Profile(), Limits(), 100)
    assert few.s3_partitions == 1
    many, warm = fitted(Profile(), Limits(), 1_000)
    assert many.s3_partitions > 1
    assert warm.table_writes > as_new.table_writes >= Limits().table_writes


def throttled_above(most: int) -> "object":
    def night(concurrency: int) -> Night:
        found = simulate(10, 10, Profile(), NO_LIMITS)
        found.succeeded = 1
        found.spots = [replace(found.spots[0], throttled=int(concurrency > most))]
        return found

    return night


def test_the_highest_concurrency_is_found_to_five_percent() -> None:
    good, worse = _highest(throttled_above(300), 1_000)  # type: ignore[arg-type]
    assert 285 <= good <= 300
    assert worse is not None
    assert _highest(throttled_above(1_000), 1_000) == (1_000, None)  # type: ignore[arg-type]
    assert _highest(throttled_above(0), 1_000)[0] == 0  # type: ignore[arg-type]


def test_shards_are_doubled_until_few_transactions_conflict() -> None:
    profile = replace(Profile(), chunk_write=0, chunk_send=0, chunk_other=0)
    tried = shards_and_conflicts(lambda n: simulate(5_000, 500, replace(profile, batch_shards=n), NO_LIMITS), 4_096)
    assert [shards for shards, _ in tried] == [64 * 2**n for n in range(len(tried))]
    *hot, last = [night.conflicts / night.transactions for _, night in tried]
    assert all(share >= 0.01 for share in hot)
    assert last < 0.01


def test_the_report_has_a_row_for_each_night_and_each_hot_limit() -> None:
    found = scenarios([1_000], *fitted(Profile(), Limits(), 1_000))
    nights = [simulate(one.runs, one.concurrency, one.profile, one.limits) for one in found]
    assert [row(one, night)[:3] for one, night in zip(found, nights, strict=True)] == [
        ["as deployed", "1,000", "100"],
        ["as deployed", "1,000", "1,000"],
        ["warm", "1,000", "1,000"],
        ["fitted", "1,000", "1,000"],
        ["fitted, but one project", "1,000", "1,000"],
    ]
    assert all(len(cells) == 5 for cells in [*hot_spots(nights[1]), *limit_rows(nights[3], found[3].profile)])
