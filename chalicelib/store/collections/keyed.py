"""What projects and traces share: a generated id, a unique key chosen by the client, and links between the two."""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib import deadline
from chalicelib.store import idempotency
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.errors import Conflict
from chalicelib.store.shared.transactions import commit
from chalicelib.store.tables.base import now
from chalicelib.store.tables.collections import ProjectTraces
from chalicelib.store.tables.keys import UniqueKey

M = TypeVar("M", bound=Model)

ATTEMPTS = 5
THREADS = 8
TRANSACTION_WRITES = 100  # DynamoDB's limit per transaction
WRITES_PER_CHANGE = 2  # the item and its key, plus one write of links per project


@dataclass(frozen=True)
class Synced:
    """The outcome of `sync` for one item."""

    id: int
    key: str
    status: Literal["created", "updated", "unchanged"]


@dataclass(frozen=True)
class Change(Generic[M]):
    """An item after a change (if removed: the item as it was), and before it (None: it did not exist)."""

    item: M
    before: M | None
    removed: bool = False

    @property
    def id(self) -> int:
        """The item's id."""
        return int(self.item.id)  # type: ignore[attr-defined]

    @property
    def linked(self) -> set[int]:
        """The projects that are added to the item, a trace."""
        return set() if self.removed else _links(self.item) - _links(self.before)

    @property
    def unlinked(self) -> set[int]:
        """The projects that are removed from the item, a trace."""
        return _links(self.before) if self.removed else _links(self.before) - _links(self.item)


class KeyedCollection(Generic[M]):
    """A table whose items have a unique key. Each item is written in one transaction with its key and its links."""

    def __init__(self, model: type[M], resource: str, key_field: str) -> None:
        self.model, self.resource, self.key_field = model, resource, key_field

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
        """Create an item. Raises Conflict when its key is in use."""
        key = fields[self.key_field]
        for _ in range(ATTEMPTS):
            owner = self._owners([key]).get(key)
            if owner is not None:
                raise Conflict(self.key_field, key, owner)
            change = Change(self.model(id=ids.allocate(self.resource)[0], **fields), None)
            if self._commit(
                [change], partial(idempotency.record, created={"resource": self.resource, "id": change.id})
            ):
                return change.item
        raise self._contended()

    def update(self, id: int, fields: dict[str, Any]) -> M | None:
        """Set fields of an item and return it; None when there is no such item.

        Raises Conflict when a new key is already in use.
        """
        return self._update(id, lambda item: fields)

    def update_many(self, wanted: Iterable[int], fields_of: Callable[[M], dict[str, Any]]) -> None:
        """Update the items that exist, each with the fields that `fields_of` returns for it (never the key)."""
        changes = [_changed(item, fields_of(item)) for item in self.get_many(wanted).values()]
        for change in self._commit_many(changes):
            self._update(change.id, fields_of)

    def delete(self, id: int) -> bool:
        """Delete the item, its key and its links; False when there is no such item."""
        for _ in range(ATTEMPTS):
            item = self.get(id)
            if item is None:
                return False
            if self._commit([Change(item, item, removed=True)]):
                return True
        raise self._contended(id)

    def sync(self, items: list[dict[str, Any]]) -> list[Synced]:
        """Create or update each item by its key. Omitted fields keep their values. No two items have the same key."""
        existing = self.find_many([item[self.key_field] for item in items])
        new = [item for item in items if item[self.key_field] not in existing]
        known = [(existing[item[self.key_field]], item) for item in items if item[self.key_field] in existing]
        changes = [
            *(Change(self.model(id=id, **item), None) for id, item in zip(self._new_ids(new), new, strict=True)),
            *(_changed(item, fields) for item, fields in known if not _same(item, fields)),
        ]
        result = {self._key(item): Synced(item.id, self._key(item), "unchanged") for item, _ in known}  # type: ignore[attr-defined]
        for change in changes:
            key = self._key(change.item)
            result[key] = Synced(change.id, key, "updated" if change.before else "created")
        fields_of = {item[self.key_field]: item for item in items}
        for change in self._commit_many(changes):  # items that were changed concurrently are retried one by one
            key = self._key(change.item)
            result[key] = self._sync_one(fields_of[key])
        return [result[item[self.key_field]] for item in items]

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

    def _new_ids(self, items: list[dict[str, Any]]) -> range:
        return ids.allocate(self.resource, len(items)) if items else range(0)

    def _update(self, id: int, fields_of: Callable[[M], dict[str, Any]]) -> M | None:
        for _ in range(ATTEMPTS):
            before = self.get(id)
            if before is None:
                return None
            change = _changed(before, fields_of(before))
            if self._commit([change]):
                return change.item
            key = self._key(change.item)
            owner = self._owners([key]).get(key)
            if owner is not None and owner != id:
                raise Conflict(self.key_field, key, owner)
        raise self._contended(id)

    def _contended(self, id: int | None = None) -> RuntimeError:
        item = "an item with the same key" if id is None else f"item {id}"
        return RuntimeError(
            f"{self.resource}: {item} was changed concurrently in all {ATTEMPTS} attempts; retry the request"
        )

    def _sync_one(self, fields: dict[str, Any]) -> Synced:
        """Create or update one item, with retries when it is changed concurrently."""
        key = fields[self.key_field]
        for _ in range(ATTEMPTS):
            owner = self._owners([key]).get(key)
            if owner is not None and self.update(owner, fields) is not None:
                return Synced(owner, key, "updated")
            try:
                return Synced(self.create(fields).id, key, "created")  # type: ignore[attr-defined]
            except Conflict:
                continue
        raise self._contended()

    def _commit_many(self, changes: list[Change[M]]) -> list[Change[M]]:
        """Make changes, several per transaction. Returns those that were not made, because items had changed.

        Raises DeadlineExceededError; some changes may have been made by then.
        """

        def commit_in_time(group: list[Change[M]]) -> bool:
            deadline.check()
            return self._commit(group)

        with ThreadPoolExecutor(THREADS) as pool:
            groups = _groups(changes)
            made = pool.map(commit_in_time, groups)
            return [change for group, done in zip(groups, made, strict=True) if not done for change in group]

    def _commit(self, changes: list[Change[M]], also: Callable[[TransactWrite], None] = lambda _: None) -> bool:
        """Make all changes in one transaction, or none if an item or key has changed since it was read.

        `also` adds writes to the transaction.
        """

        def fill(transaction: TransactWrite) -> None:
            linked, unlinked = defaultdict(set), defaultdict(set)
            for change in changes:
                self._write(transaction, change)
                for project in change.linked:
                    linked[project].add(change.id)
                for project in change.unlinked:
                    unlinked[project].add(change.id)
            for project, traces in linked.items():
                transaction.update(ProjectTraces(project), actions=[ProjectTraces.traces.add(traces)])
            for project, traces in unlinked.items():
                transaction.update(ProjectTraces(project), actions=[ProjectTraces.traces.delete(traces)])
            also(transaction)

        return commit(fill)

    def _write(self, transaction: TransactWrite, change: Change[M]) -> None:
        item, before = change.item, change.before
        as_it_was = None if before is None else self.model.updated == before.updated  # type: ignore[attr-defined]
        if change.removed:
            transaction.delete(item, condition=as_it_was)
        else:
            transaction.save(item, condition=as_it_was)
        old = None if before is None else self._unique(self._key(before))
        new = None if change.removed else self._unique(self._key(item))
        if old is not None and old != new:
            transaction.delete(UniqueKey(old), condition=UniqueKey.id == change.id)
        if new is not None and new != old:
            transaction.save(UniqueKey(new, id=change.id), condition=UniqueKey.key.does_not_exist())


def _links(item: Model | None) -> set[int]:
    return set(getattr(item, "projects", ()))


def _changed(before: M, fields: dict[str, Any]) -> Change[M]:
    after = copy.deepcopy(before)
    for name, value in fields.items():
        setattr(after, name, value)
    after.updated = now()  # type: ignore[attr-defined]
    return Change(after, before)


def _same(item: Model, fields: dict[str, Any]) -> bool:
    """Whether the item already has these values."""
    return all(_equal(getattr(item, name), value) for name, value in fields.items())


def _equal(one: Any, other: Any) -> bool:
    """Equality as in JSON, where 1 and true are different values (unlike in Python)."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _groups(changes: list[Change[M]]) -> list[list[Change[M]]]:
    """Group changes in order, each group small enough for one transaction.

    Within a group no project both gains and loses traces, since a transaction can update each item only once.
    """
    groups: list[list[Change[M]]] = []
    writes, linked, unlinked = TRANSACTION_WRITES, set[int](), set[int]()
    for change in changes:
        writes += WRITES_PER_CHANGE
        linked, unlinked = linked | change.linked, unlinked | change.unlinked
        if writes + len(linked) + len(unlinked) > TRANSACTION_WRITES or linked & unlinked:
            groups.append([])
            writes, linked, unlinked = WRITES_PER_CHANGE, change.linked, change.unlinked
        groups[-1].append(change)
    return groups
