"""Token buckets accept what a limit allows, and no more."""

import numpy as np

from benchmarks.night.buckets import GRANTED, Bucket, Demand, admit


def ones(count: int) -> "np.typing.NDArray[np.float64]":
    return np.ones(count)


def test_a_bucket_accepts_calls_in_the_order_of_time_up_to_its_limit_per_key() -> None:
    bucket = Bucket("a key", 100, keys=2)
    keys = np.array([0] * 150 + [1] * 50)
    outcome = admit(200, [Demand(bucket, keys, ones(200))])
    assert (outcome[:100] == GRANTED).all()
    assert (outcome[100:150] == 0).all()
    assert (outcome[150:] == GRANTED).all()


def test_it_is_refilled_at_its_rate_up_to_one_second() -> None:
    bucket = Bucket("a table", 100)
    assert (admit(100, [Demand(bucket, None, ones(100))]) == GRANTED).all()
    bucket.refill(0.1)
    assert (admit(50, [Demand(bucket, None, ones(50))]) == GRANTED).sum() == 10
    bucket.refill(5)
    assert (admit(500, [Demand(bucket, None, ones(500))]) == GRANTED).sum() == 100


def test_a_call_that_one_limit_refuses_takes_nothing_from_another() -> None:
    wide, narrow = Bucket("wide", 1_000), Bucket("narrow", 100)
    outcome = admit(300, [Demand(wide, None, ones(300)), Demand(narrow, None, ones(300))])
    assert (outcome == GRANTED).sum() == 100
    assert (outcome == 1).sum() == 200
    wide.end_second()
    narrow.end_second()
    assert (wide.served, narrow.served) == (100, 100)
    assert (wide.utilisation, narrow.utilisation) == (0.1, 3.0)


def test_an_on_demand_limit_grows_to_twice_its_peak_up_to_the_quota() -> None:
    bucket = Bucket("a table", 100, ceiling=150)
    admit(90, [Demand(bucket, None, ones(90))])
    bucket.end_second()
    bucket.grow()
    assert bucket.rate == 150
