"""What scenarios begin with, and what they expect in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.store.series import series
from chalicelib.store.series.series import Column
from infra.local import portfolio
from tests.faults.backend import STACK
from tests.faults.world import World

METER = "il-gas-hdd-only-billing_monthly"  # the cheapest fit
NORMAL = "annualized_weather_normal"
BULK = 30
TRACES = 4
CHUNKS = series.COMPACT_ABOVE + 2


@dataclass
class Expected:
    """What the world has promised: the status of runs by id, and records by trace and start."""

    runs: dict[int, str] = field(default_factory=dict)
    aggregations: dict[int, str] = field(default_factory=dict)
    records: dict[int, dict[str, float]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)  # traces that were deleted
    deleted_runs: set[int] = field(default_factory=set)
    deleted_batches: set[int] = field(default_factory=set)
    uploads: dict[int, dict[str, Any]] = field(default_factory=dict)  # how each ends
    deleted_uploads: dict[int, dict[str, Any]] = field(default_factory=dict)  # how each had ended
    newest: dict[tuple[int, int], int | None] = field(default_factory=dict)  # the run by trace and project


def prepare_meter(world: World, expected: Expected) -> None:
    """Project 1 with trace 1, which has records, and weather."""
    meter = portfolio.sample_meter(METER)
    project = world.asked("POST", "projects/", meter.project).body["id"]
    trace(world, project, "meter", meter.records)
    weather = portfolio.weather_records()
    for first in range(0, len(weather), 10_000):
        world.asked("POST", "weather_records/", weather[first : first + 10_000], keyed=False)


def prepare_portfolio(world: World, expected: Expected) -> None:
    """The same with BULK traces, of which the last has no records."""
    prepare_meter(world, expected)
    records = portfolio.sample_meter(METER).records
    for number in range(2, BULK + 1):
        trace(world, 1, f"meter {number}", records if number < BULK else [])


def prepare_traces(world: World, expected: Expected) -> None:
    """The same with TRACES traces, of which the last has no records."""
    prepare_meter(world, expected)
    for number in range(2, TRACES + 1):
        trace(world, 1, f"meter {number}", portfolio.sample_meter(METER).records if number < TRACES else [])


def prepare_result(world: World, expected: Expected) -> None:
    """Trace 1 with a successful run, and a batch of one run that has not been delivered."""
    prepare_meter(world, expected)
    world.asked("POST", "meter_runs/", {"trace": 1})
    world.settle()


def prepare_batch(world: World, expected: Expected) -> None:
    """Trace 1 with a successful run, and then batch 1 of two that have succeeded."""
    prepare_result(world, expected)
    world.asked("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}] * 2})
    world.settle()


def prepare_results(world: World, expected: Expected) -> None:
    """TRACES traces, each with a run, of which the last has failed."""
    prepare_traces(world, expected)
    world.asked("POST", "meter_runs/bulk/", {"targets": [{"project": 1}]})
    world.settle()


def prepare_chunks(world: World, expected: Expected) -> None:
    """Trace 1 with so many chunks, none of them new, that the next read compacts them."""
    prepare_meter(world, expected)
    for number, record in enumerate(portfolio.sample_meter(METER).records[-CHUNKS:]):
        body = [{"trace": 1, **record, "value": float(number)}]
        assert world.asked("POST", "trace_records/", body).status == 201
    world.clock.advance(2 * series.SETTLED_AFTER)


def prepare_older(world: World, expected: Expected) -> None:
    """Trace 1 as an earlier version wrote it."""
    prepare_meter(world, expected)
    forget_chunks(world, 1)


def forget_chunks(world: World, trace: int) -> None:
    """Make a trace look as an earlier version wrote it: it does not name its chunks."""
    world.raw["dynamodb"].update_item(
        TableName=f"{STACK}-traces",
        Key={"id": {"N": str(trace)}},
        UpdateExpression="REMOVE chunks, changes, compacted",
    )


def created(world: World, path: str, body: Mapping[str, Any]) -> int:
    answer = world.asked("POST", path, body)
    assert answer.status == 201, answer
    return int(answer.body["id"])


def trace(world: World, project: int, name: str, records: list[dict[str, Any]]) -> None:
    body = {**portfolio.sample_meter(METER).trace, "trace_id": name, "projects": [project]}
    trace = created(world, "traces/", body)
    if records:
        assert world.asked("POST", "trace_records/", [{"trace": trace, **one} for one in records]).status == 201


def files_of(world: World, prefix: str) -> list[bytes]:
    """The files under a prefix of the bucket, in the order of their names."""
    s3 = world.raw["s3"]
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=STACK, Prefix=prefix).get("Contents", ())]
    return [s3.get_object(Bucket=STACK, Key=key)["Body"].read() for key in keys]


def read(world: World, trace: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.asked("GET", f"trace_records/?trace={trace}&limit=1000").body
    return found


def column(*given: float) -> Column:
    """A series with these values."""
    found = Column()
    for number, value in enumerate(given):
        found.append(number, value)
    return found
