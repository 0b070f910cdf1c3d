"""The pauses between attempts."""

import random
import time

import pytest

from chalicelib.store.shared import retries


def test_the_pauses_grow_up_to_a_limit_and_there_is_none_before_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert list(retries.attempts(8, first=0.1)) == list(range(8))
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]


def test_the_pauses_are_random(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    list(retries.attempts(20, first=1.0))
    assert len(set(pauses)) == 19
    assert all(0 <= pause <= 1.0 for pause in pauses)
