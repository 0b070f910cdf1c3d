"""eemeter has our functions within accelerated(), and its own before and after."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.metering import acceleration
from chalicelib.metering.acceleration import accelerated, libm
from chalicelib.metering.acceleration.replacements import REPLACEMENTS


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Clear the cached compatibility check before and after."""
    acceleration._incompatibility.cache_clear()
    yield
    acceleration._incompatibility.cache_clear()


def in_place() -> list[Any]:
    return [getattr(place, name) for place, name, _ in REPLACEMENTS]


OURS = [ours for _, _, ours in REPLACEMENTS]
THEIRS = in_place()


def test_each_function_replaces_one_of_eemeter() -> None:
    assert all(ours is not theirs for ours, theirs in zip(OURS, THEIRS, strict=True))
    assert all(theirs.__module__.startswith("eemeter.") for theirs in THEIRS)


def test_inside_and_after() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with accelerated():
            assert in_place() == OURS
            with accelerated():
                assert in_place() == OURS
            assert in_place() == OURS
    assert in_place() == THEIRS


def test_after_an_exception() -> None:
    with pytest.raises(KeyError), accelerated():
        raise KeyError
    assert in_place() == THEIRS


def test_another_version_of_eemeter_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceleration, "version", lambda name: "4.2.0")
    with pytest.warns(RuntimeWarning, match=r"4\.1\.1, but the installed version is 4\.2\.0") as caught, accelerated():
        assert in_place() == THEIRS
    assert caught[0].filename == __file__


def test_eemeter_is_not_changed_with_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libm, "is_exact", lambda: False)
    with pytest.warns(RuntimeWarning, match="float_power"), accelerated():
        assert in_place() == THEIRS
