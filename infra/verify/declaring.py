"""How an invariant is declared: with a name, a sentence and a check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.verify.snapshot import Snapshot

Check = Callable[[Snapshot], Iterator[str]]


@dataclass(frozen=True)
class Invariant:
    """What always holds. `check` yields a sentence for each violation."""

    name: str
    sentence: str
    check: Check


@dataclass(frozen=True, order=True)
class Violation:
    """A violated invariant, by name, and what violates it."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


INVARIANTS: list[Invariant] = []


def invariant(name: str, sentence: str) -> Callable[[Check], Check]:
    """Declare a check as an invariant."""

    def declare(check: Check) -> Check:
        INVARIANTS.append(Invariant(name, sentence, check))
        return check

    return declare
