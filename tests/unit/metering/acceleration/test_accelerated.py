"""Where eemeter's functions are replaced, and where they are left."""

from collections.abc import Iterator

import pytest

from chalicelib.metering import acceleration
from chalicelib.metering.acceleration import accelerated, libm
from chalicelib.metering.acceleration.replacements import REPLACEMENTS


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    acceleration._why_not.cache_clear()
    yield
    acceleration._why_not.cache_clear()


def in_place() -> set[bool]:
    return {getattr(place, name) is ours for place, name, ours in REPLACEMENTS}


def test_ours_are_in_place_for_as_long_as_it_lasts() -> None:
    assert in_place() == {False}
    with accelerated():
        assert in_place() == {True}
        with accelerated():
            assert in_place() == {True}
        assert in_place() == {True}
    assert in_place() == {False}


def test_an_error_puts_eemeters_back() -> None:
    with pytest.raises(KeyError), accelerated():
        raise KeyError
    assert in_place() == {False}


def test_another_version_of_eemeter_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceleration, "version", lambda name: "4.2.0")
    with pytest.warns(RuntimeWarning, match=r"proved with eemeter 4\.1\.1, and this is 4\.2\.0"), accelerated():
        assert in_place() == {False}


def test_another_c_library_keeps_eemeters_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libm, "is_exact", lambda: False)
    with pytest.warns(RuntimeWarning, match="differ from the C library"), accelerated():
        assert in_place() == {False}
