"""What the actions of a client share: its session and ledger, its random choices, and how a write is recorded."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.load.ledger import Ledger, differences, wrong_values
from benchmarks.load.session import Session

START = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A meter whose runs end with a known status: its trace and project, a finished run and its fuel."""

    trace: int
    project: int
    run: int
    status: str
    interpretation: str


@dataclass(frozen=True)
class Shared:
    """What all clients use: the sample meters, a project that all change and link to, and the batch that is running."""

    samples: list[Sample]
    project: int
    batch: int


class Base:
    """One client, which owns what it creates. The same number makes the same choices."""

    def __init__(self, number: int, session: Session, shared: Shared) -> None:
        self.session = session
        self.ledger = Ledger()
        self._shared = shared
        self._random = random.Random(number)
        self._prefix = f"load-{uuid.uuid4().hex[:8]}-{number}"
        self._station = f"99{number:04}"
        self._names = 0

    def _create(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """POST a body, half of the time with an Idempotency-Key, and then sometimes again, which changes nothing."""
        headers = {"Idempotency-Key": self._name()} if self._random.random() < 0.5 else {}
        lost = () if headers else (409,)  # the first try may have created it, and did not say so
        response = self.session.call("POST", path, json=body, headers=headers, if_repeated=lost)
        if response is None or not response.ok:
            return None
        created: dict[str, Any] = response.json()
        if headers and self._random.random() < 0.3:
            again = self.session.call("POST", path, json=body, headers=headers)
            if again is not None and again.json()["id"] != created["id"]:
                self.session.fault(
                    f"POST {path} with the same Idempotency-Key created {created['id']} and {again.text}"
                )
        return created

    def _change(self, path: str, fields: dict[str, Any], changes: dict[str, Any], forget: Callable[[], Any]) -> None:
        """PATCH an item, whose fields the ledger has; `forget` takes it from the ledger if the outcome is uncertain."""
        if self.session.call("PATCH", path, json=changes) is not None:
            fields |= changes
        else:
            forget()

    def _delete(self, path: str, deleted: Callable[[], Any], forget: Callable[[], Any]) -> None:
        """DELETE an item; `deleted` records it, and `forget` is as for `_change`."""
        if self.session.call("DELETE", path, if_repeated=(404,)) is not None:
            deleted()
        else:
            forget()

    def _sync(
        self,
        path: str,
        items: list[dict[str, Any]],
        recorded: dict[int, dict[str, Any]],
        known: list[int],
        forget: Callable[[int], Any],
    ) -> None:
        """POST items to sync, and record them; `forget` is as for `_change`, for each that is known already."""
        response = self.session.call("POST", path, json=items)
        if response is None:
            for id in known:
                forget(id)
        else:
            for item, done in zip(items, response.json(), strict=True):
                recorded[done["id"]] = item

    def _compare(self, path: str, expected: dict[str, Any]) -> None:
        shown = self.session.get(path)
        if shown is not None and (wrong := differences(shown, expected)):
            self.session.fault(f"{path}: {wrong}")

    def _compare_series(self, path: str, name: str, expected: dict[str, float], **query: Any) -> None:
        limit = self._random.choice((50, 100, 1000))
        shown = self.session.pages(path, most=len(expected), limit=limit, **query)
        if wrong := wrong_values(shown, name, expected):
            self.session.fault(f"{path} of {query}: {wrong}")

    def _one(self, items: dict[int, Any]) -> int | None:
        return self._random.choice(list(items)) if items else None

    def _some(self, items: dict[int, Any], most: int) -> list[int]:
        return self._random.sample(list(items), min(most, len(items)))

    def _name(self) -> str:
        self._names += 1
        return f"{self._prefix}-{self._names}"

    def _zipcode(self) -> str:
        return f"{self._random.randrange(60000, 63000)}"

    def _project(self) -> dict[str, Any]:
        return {"project_id": self._name(), "zipcode": self._zipcode(), "metadata": {"changed": 0}}

    def _projects(self) -> list[int]:
        return sorted([*self._some(self.ledger.projects, 2), self._shared.project])

    def _trace(self) -> dict[str, Any]:
        about = {"interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED", "unit": "KWH"}
        return {"trace_id": self._name(), **about, "projects": self._projects()}

    def _hours(self) -> list[str]:
        """Two days of hours in a month, which overlap with those of other posts."""
        first = START + timedelta(hours=self._random.randrange(24 * 28))
        return [f"{first + timedelta(hours=hour):%Y-%m-%dT%H:%M:%S.%fZ}" for hour in range(48)]
