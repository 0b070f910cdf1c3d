"""What projects and traces share: a generated id, a unique key chosen by the client, and links between the two."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib import deadline
from chalicelib.store import idempotency
from chalicelib.store.collections.changes import Change, changed, difference, groups, same, steps
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.errors import Busy, Conflict, UnknownProject
from chalicelib.store.shared.retries import attempts
from chalicelib.store.shared.transactions import commit
from chalicelib.store.tables.collections import Link, Project
from chalicelib.store.tables.keys import UniqueKey

M = TypeVar("M", bound=Model)

ATTEMPTS = 10
FIRST_PAUSE = 0.05  # seconds; the pauses of all attempts add up to 2.5 seconds on average
THREADS = 8


@dataclass(frozen=True)
class Synced:
    """The outcome of `sync` for one item."""

    id: int
    key: str
    status: Literal["created", "updated", "unchanged"]


class KeyedCollection(Generic[M]):
    """A table whose items have a unique key. Each item is written in one transaction with its key and its links.

    leaves: the table of the ids of deleted items that still have links; None if items have none, or delete them.
    """

    def __init__(self, model: type[M], resource: str, key_field: str, leaves: type[Model] | None = None) -> None:
        self.model, self.resource, self.key_field, self.leaves = model, resource, key_field, leaves

    def get(self, id: int) -> M | None:
        """The item, or None."""
        return pages.get(self.model, id)

    def get_many(self, wanted: Iterable[int]) -> dict[int, M]:
        """The items that exist among these ids, by id."""
        return pages.get_many(self.model, wanted)

    def find_many(self, keys: list[str]) -> dict[str, M]:
        """The items with these unique keys, by key."""
        found = self.get_many(self._owners(keys).values())
        return {self._key(item): item for item in found.values()}

    def create(self, fields: dict[str, Any]) -> M:
        """Create an item. Raises Conflict when its key is in use, UnknownProject, and Busy."""
        key = fields[self.key_field]
        for _ in _attempts():
            owner = self._owners([key]).get(key)
            if owner is not None:
                raise Conflict(self.key_field, key, owner)
            change = Change(self.model(id=ids.allocate(self.resource)[0], **fields), None)
            if self._commit(
                [change], partial(idempotency.record, created={"resource": self.resource, "id": change.id})
            ):
                return change.item
            _check_projects([change])
        raise self._contended()

    def update(self, id: int, fields: dict[str, Any]) -> M | None:
        """Set fields of an item and return it; None when there is no such item.

        Raises Conflict when a new key is already in use, UnknownProject, and Busy.
        """
        for _ in _attempts():
            before = self.get(id)
            if before is None:
                return None
            change = changed(before, fields)
            if self._commit_insteps(change):
                return change.item
            key = self._key(change.item)
            owner = self._owners([key]).get(key)
            if owner is not None and owner != id:
                raise Conflict(self.key_field, key, owner)
            _check_projects([change])
        raise self._contended()

    def delete(self, id: int) -> bool:
        """Delete the item, its key and its links; False when there is no such item. Raises Busy."""
        for _ in _attempts():
            item = self.get(id)
            if item is None:
                return False
            if self._commit([Change(item, item, removed=True)]):
                return True
        raise self._contended()

    def sync(self, items: list[dict[str, Any]]) -> list[Synced]:
        """Create or update each item by its key. Omitted fields keep their values. No two items have the same key.

        Raises UnknownProject, Busy and DeadlineExceededError; some of the items may have been written by then.
        """
        done: dict[str, Synced] = {}
        for _ in _attempts():  # again for the items that were changed concurrently
            remaining = [item for item in items if item[self.key_field] not in done]
            existing = self.find_many([item[self.key_field] for item in remaining])
            changes = self._changes(remaining, existing)
            failed = self.commit_many(changes)
            written = {self._key(change.item): change for change in changes}
            for key in {item[self.key_field] for item in remaining} - {self._key(change.item) for change in failed}:
                if key in written:
                    status: Literal["created", "updated"] = "updated" if written[key].before else "created"
                    done[key] = Synced(written[key].id, key, status)
                else:
                    done[key] = Synced(existing[key].id, key, "unchanged")  # type: ignore[attr-defined]
            if not failed:
                return [done[item[self.key_field]] for item in items]
            _check_projects(failed)
        raise self._contended()

    def commit_many(self, changes: list[Change[M]]) -> list[Change[M]]:
        """Make changes, several per transaction. Returns those that were not made, because items had changed.

        No change gives an item another key. Raises DeadlineExceededError; some changes may have been made by then.
        """

        def commit_in_time(group: list[Change[M]]) -> bool:
            deadline.check()
            return self._commit(group) if len(group) > 1 else self._commit_insteps(group[0])

        with ThreadPoolExecutor(THREADS) as pool:
            grouped = groups(changes)
            made = pool.map(commit_in_time, grouped)
            return [change for group, done in zip(grouped, made, strict=True) if not done for change in group]

    def page(self, after: int, limit: int, **wanted: Any) -> pages.Page[M]:
        """A page of the items with these attribute values."""
        return pages.walk(self.model, ids.allocated(self.resource), after, limit, pages.matches(**wanted))

    def page_of_key(self, key: str, after: int, **wanted: Any) -> pages.Page[M]:
        """A page with the item that has this key, if it matches the other attribute values."""
        keep = pages.matches(**wanted)
        found = self.find_many([key]).values()
        return pages.Page([item for item in found if item.id > after and keep(item)], None)  # type: ignore[attr-defined]

    def _key(self, item: M) -> str:
        return str(getattr(item, self.key_field))

    def _unique(self, key: str) -> str:
        return f"{self.key_field}#{key}"

    def _owners(self, keys: list[str]) -> dict[str, int]:
        """The ids of the items with these keys, by key."""
        found = pages.batch_get(UniqueKey, sorted({self._unique(key) for key in keys}))
        return {entry.key.removeprefix(f"{self.key_field}#"): entry.id for entry in found}

    def _changes(self, items: list[dict[str, Any]], existing: dict[str, M]) -> list[Change[M]]:
        """The changes that give items these fields, without those that have them already."""
        new = [item for item in items if item[self.key_field] not in existing]
        new_ids = ids.allocate(self.resource, len(new)) if new else range(0)
        known = [(existing[item[self.key_field]], item) for item in items if item[self.key_field] in existing]
        return [
            *(Change(self.model(id=id, **item), None) for id, item in zip(new_ids, new, strict=True)),
            *(changed(item, fields) for item, fields in known if not same(item, fields)),
        ]

    def _contended(self) -> Busy:
        return Busy(f"{self.resource}: other requests changed the same items in all {ATTEMPTS} attempts")

    def _commit_insteps(self, change: Change[M]) -> bool:
        """Make a change; one that exceeds a transaction adds links first, so that nothing is written if it cannot."""
        return all(self._commit([step]) for step in steps(change))

    def _commit(self, changes: list[Change[M]], also: Callable[[TransactWrite], None] = lambda _: None) -> bool:
        """Make all changes in one transaction, or none. `also` adds writes to it.

        False if an item or key has changed since it was read, or a project to link to no longer exists.
        """

        def fill(transaction: TransactWrite) -> None:
            for change in changes:
                self._write(transaction, change)
            for project in sorted(set().union(*(change.linked for change in changes))):
                transaction.condition_check(Project, project, condition=Project.id.exists())
            also(transaction)

        return commit(fill)

    def _write(self, transaction: TransactWrite, change: Change[M]) -> None:
        item, before = change.item, change.before
        as_it_was = None if before is None else self.model.updated == before.updated  # type: ignore[attr-defined]
        if change.removed:
            transaction.delete(item, condition=as_it_was)
            if self.leaves is not None:
                transaction.save(self.leaves(change.id))
        elif before is None:
            transaction.save(item)
        else:
            transaction.update(self.model(change.id), actions=difference(before, item), condition=as_it_was)
        old = None if before is None else self._unique(self._key(before))
        new = None if change.removed else self._unique(self._key(item))
        if old is not None and old != new:
            transaction.delete(UniqueKey(old), condition=UniqueKey.id == change.id)
        if new is not None and new != old:
            transaction.save(UniqueKey(new, id=change.id), condition=UniqueKey.key.does_not_exist())
        for project in sorted(change.linked):
            transaction.save(Link(project, change.id))
        for project in sorted(change.unlinked):
            transaction.delete(Link(project, change.id))


def _attempts() -> Iterator[int]:
    """Attempts at what other requests may prevent. Raises DeadlineExceededError."""
    for attempt in attempts(ATTEMPTS, FIRST_PAUSE):
        deadline.check()
        yield attempt


def _check_projects(changes: list[Change[Any]]) -> None:
    """Raise UnknownProject if changes link to a project that does not exist."""
    linked = set[int]().union(*(change.linked for change in changes))
    if linked and linked != pages.get_many(Project, linked).keys():
        raise UnknownProject
