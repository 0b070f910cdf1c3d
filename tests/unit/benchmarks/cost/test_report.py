"""The arithmetic of AWS's billing."""

import io

import pytest

from benchmarks.cost import report as cost
from benchmarks.cost.metered import Metered, _length, item_bytes, read_units, write_units
from benchmarks.cost.prices import PRICES
from benchmarks.cost.report import WHOLE, Work

INDEX = {"KeySchema": [{"AttributeName": "project"}], "Projection": {"ProjectionType": "ALL"}}
KEYS = {"KeySchema": [{"AttributeName": "due"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}


class Tables:
    """A DynamoDB client with a single item."""

    def describe_table(self, TableName: str) -> object:  # noqa: N803
        return {"Table": {"GlobalSecondaryIndexes": [INDEX, KEYS]}}

    def get_item(self, TableName: str, Key: object) -> object:  # noqa: N803
        return {"Item": {"id": {"N": "1"}, "project": {"N": "2"}, "note": {"S": "x" * 1_500}}}


def test_the_size_of_an_item_is_that_of_its_names_and_values() -> None:
    item = {"id": {"N": "123"}, "name": {"S": "é"}, "gone": {"NULL": True}, "list": {"L": [{"S": "ab"}]}}
    assert item_bytes(item) == (2 + 3) + (4 + 2) + (4 + 1) + (4 + 3 + 1 + 2)


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1_024, 1), (1_025, 2), (4_096, 4)])
def test_a_write_takes_one_unit_per_kilobyte_and_two_in_a_transaction(size: int, units: int) -> None:
    assert write_units(size) == units
    assert write_units(size, transaction=True) == 2 * units


@pytest.mark.parametrize(("size", "units"), [(0, 0.5), (4_096, 0.5), (4_097, 1.0)])
def test_a_read_takes_half_a_unit_per_four_kilobytes_and_one_if_consistent(size: int, units: float) -> None:
    assert read_units(size) == units
    assert read_units(size, consistent=True) == 2 * units


def test_an_index_is_written_with_its_items() -> None:
    metered = Metered(Tables())
    metered._put("runs", {"id": {"N": "1"}, "project": {"N": "2"}, "due": {"N": "3"}}, transaction=True)
    assert metered.usage == {"DynamoDB, write units": 2 + 1 + 1}
    metered.usage.clear()
    update = {"TableName": "runs", "Key": {}, "ExpressionAttributeNames": {"#0": "status", "#1": "due"}}
    metered._write("Update", update, transaction=False)
    assert metered.usage == {"DynamoDB, write units": 2 + 2 + 1}  # the item, its full index entry, the removed key


def test_an_index_entry_is_written_again_only_if_its_keys_or_projected_attributes_change() -> None:
    metered = Metered(Tables())
    key, projection = {"AttributeName": "project"}, {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]}
    metered._indexes["runs"] = [{"KeySchema": [key], "Projection": projection}]
    for name, units in (("status", 2), ("note", 2 + 2), ("project", 2 + 2)):
        metered.usage.clear()
        metered._write(
            "Update", {"TableName": "runs", "Key": {}, "ExpressionAttributeNames": {"#0": name}}, transaction=False
        )
        assert metered.usage == {"DynamoDB, write units": units}, name


def test_the_length_of_a_file_is_its_full_size() -> None:
    file = io.BytesIO(b"12345")
    file.read()
    assert (_length(file), _length(b"123")) == (5, 3)


def test_memory_sets_the_cpu_share_up_to_one_cpu() -> None:
    work = Work(cpu=1.0, calls=10, log=0)
    waiting = 10 * cost.LATENCY
    assert work.seconds(WHOLE) == work.seconds(2 * WHOLE) == 1.0 + waiting
    assert work.seconds(WHOLE // 2) == pytest.approx(2.0 + waiting, abs=0.01)


def test_a_call_costs_its_memory_and_time() -> None:
    work = Work(cpu=1.0, calls=0, log=600)
    parts = cost.dollars(work.billed(1024))
    assert parts["Lambda, GB-seconds"] == pytest.approx(WHOLE / 1024 * PRICES["Lambda, GB-seconds"])
    assert parts["CloudWatch, GB of logs"] == pytest.approx(1e-6 * 0.5)
    assert list(parts) == sorted(parts, key=lambda name: -parts[name])


def test_the_rows_of_a_table_add_up() -> None:
    lines = cost.table({"a": {"big": 1.0, "small": 0.001}, "b": {"big": 2.0, "small": 0.002}}).splitlines()
    assert lines[2:] == [
        "| big | 1.0000 | 2.0000 |",
        "| other | 0.0010 | 0.0020 |",
        "| **total** | **1.0010** | **2.0020** |",
    ]


def test_each_usage_has_a_price() -> None:
    nothing = Work(0.0, 0.0, 0.0)
    steps = {"choose": nothing, "sum": nothing, "fan in": nothing}
    for usage in (cost.of_runs(1_000, nothing, nothing), cost.of_aggregations(1_000, steps), cost.idle(nothing)):
        assert usage.keys() <= PRICES.keys()
