"""The environment of a function, in which all of these tests run."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults import backend
from tests.faults.preparing import Expected, prepare_meter
from tests.faults.promises import Endings, broken
from tests.faults.world import World


@pytest.fixture(autouse=True, scope="module")
def environment() -> Iterator[None]:
    with backend.environment():
        yield


@pytest.fixture
def expected() -> Expected:
    return Expected()


@pytest.fixture
def world(expected: Expected) -> Iterator[World]:
    """A world with one meter."""
    world = World()
    with world.running():
        prepare_meter(world, expected)
        world.prepared = world.written()
        yield world


@pytest.fixture
def holds(world: World, expected: Expected) -> Callable[[], None]:
    """Lets everything end, and asserts all invariants and promises."""
    endings = Endings()
    world.injector.observers.append(endings.observe)

    def check() -> None:
        world.settle()
        assert [str(violation) for violation in broken(world, expected, endings)] == []

    return check


@pytest.fixture
def calls(world: World) -> list[str]:
    """The names of the calls to AWS."""
    found: list[str] = []
    world.injector.observers.append(lambda event, *_: found.append(event.rpartition(".")[2]))
    return found
