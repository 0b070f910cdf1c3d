"""What projects and traces have in common: an id of ours, a unique key of the user's, and links between the two."""

import copy
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.store import ids, pages
from chalicelib.store.errors import Conflict
from chalicelib.store.tables import ProjectTraces, UniqueKey, now
from chalicelib.store.transactions import commit

M = TypeVar("M", bound=Model)

RETRIES = 5
THREADS = 8
TRANSACTION_WRITES = 100  # what one transaction may hold


@dataclass(frozen=True)
class Synced:
    """What `sync` did for one item."""

    id: int
    key: str
    status: Literal["created", "updated", "unchanged"]


class Collection(Generic[M]):
    """The items of a table under a unique key, each written in one transaction with its key and its links."""

    def __init__(self, model: type[M], resource: str, key_field: str) -> None:
        self.model, self.resource, self.key_field = model, resource, key_field

    def links(self, item: M) -> set[int]:
        """The ids of the projects that the item, a trace, belongs to."""
        return set(getattr(item, "projects", ()))

    def get(self, id: int) -> M | None:
        """The item, or None."""
        return pages.get(self.model, id)

    def get_many(self, wanted: Iterable[int]) -> dict[int, M]:
        """Those that exist, by id."""
        return pages.get_many(self.model, wanted)

    def find(self, key: str) -> M | None:
        """The item with this key of the user's."""
        owner = self._owners([key]).get(key)
        return None if owner is None else self.get(owner)

    def create(self, fields: dict[str, Any]) -> M:
        """A new item. Raises Conflict when its key is taken."""
        key = fields[self.key_field]
        if not self._owners([key]):
            item = self.model(id=ids.allocate(self.resource)[0], **fields)
            if commit(lambda transaction: self._insert(transaction, [item])):
                return item
        raise Conflict(self.key_field, key, self._owners([key])[key])

    def update(self, id: int, changes: dict[str, Any]) -> M | None:
        """The item with its changes made; None when there is no such item. Raises Conflict when a new key is taken."""
        for _ in range(RETRIES):
            before = self.get(id)
            if before is None:
                return None
            after = copy.deepcopy(before)
            for name, value in changes.items():
                setattr(after, name, value)
            after.updated = now()  # type: ignore[attr-defined]
            if commit(lambda transaction, before=before, after=after: self._replace(transaction, before, after)):  # type: ignore[misc]
                return after
            key = getattr(after, self.key_field)
            owner = self._owners([key]).get(key)
            if owner not in (None, id):
                raise Conflict(self.key_field, key, owner)
        raise RuntimeError(f"{self.resource} {id} was changed by others at every one of {RETRIES} attempts")

    def delete(self, id: int) -> bool:
        """Remove the item, its key and its links; False when there is no such item."""
        item = self.get(id)
        if item is None:
            return False

        def fill(transaction: TransactWrite) -> None:
            transaction.delete(item)
            transaction.delete(UniqueKey(self._unique(getattr(item, self.key_field))))
            for project in self.links(item):
                transaction.update(ProjectTraces(project), actions=[ProjectTraces.traces.delete({id})])

        return commit(fill)

    def sync(self, items: list[dict[str, Any]]) -> list[Synced]:
        """Create, update or leave each item by its key; a field that is left out stays as it is. Keys do not repeat."""
        owners = self._owners([item[self.key_field] for item in items])
        existing = self.get_many(owners.values())
        new = [item for item in items if item[self.key_field] not in owners]
        created = self._create_many(new)
        result, pending = {}, []
        for item in items:
            key = item[self.key_field]
            if key in created:
                result[key] = Synced(created[key], key, "created")
            elif (known := existing.get(owners.get(key, 0))) is not None and self._unchanged(known, item):
                result[key] = Synced(owners[key], key, "unchanged")
            else:
                pending.append(item)
        with ThreadPoolExecutor(THREADS) as pool:
            for synced in pool.map(self._sync_one, pending):
                result[synced.key] = synced
        return [result[item[self.key_field]] for item in items]

    def page(self, after: int, limit: int, **wanted: Any) -> pages.Page[M]:
        """A page of all items that have these attribute values."""
        return pages.walk(self.model, ids.given_out(self.resource), after, limit, pages.matches(**wanted))

    def page_of_key(self, key: str, after: int, **wanted: Any) -> pages.Page[M]:
        """The page that holds the item with this key, if it fits the rest."""
        item = self.find(key)
        fits = item is not None and item.id > after and pages.matches(**wanted)(item)  # type: ignore[attr-defined]
        return pages.Page([item] if item is not None and fits else [], None)

    def _unique(self, key: str) -> str:
        return f"{self.key_field}#{key}"

    def _owners(self, keys: list[str]) -> dict[str, int]:
        """The ids of the items that have these keys."""
        found = UniqueKey.batch_get(sorted({self._unique(key) for key in keys}), consistent_read=True)
        return {entry.key.removeprefix(f"{self.key_field}#"): entry.id for entry in found}

    def _insert(self, transaction: TransactWrite, items: list[M]) -> None:
        for item in items:
            key = UniqueKey(self._unique(getattr(item, self.key_field)), id=item.id)  # type: ignore[attr-defined]
            transaction.save(key, condition=UniqueKey.key.does_not_exist())
            transaction.save(item)
        linked: dict[int, set[int]] = {}
        for item in items:
            for project in self.links(item):
                linked.setdefault(project, set()).add(item.id)  # type: ignore[attr-defined]
        for project, traces in linked.items():
            transaction.update(ProjectTraces(project), actions=[ProjectTraces.traces.add(traces)])

    def _replace(self, transaction: TransactWrite, before: M, after: M) -> None:
        id = before.id  # type: ignore[attr-defined]
        transaction.save(after, condition=self.model.updated == before.updated)  # type: ignore[attr-defined]
        old, new = self._unique(getattr(before, self.key_field)), self._unique(getattr(after, self.key_field))
        if new != old:
            transaction.delete(UniqueKey(old))
            transaction.save(UniqueKey(new, id=id), condition=UniqueKey.key.does_not_exist())
        for project in self.links(after) - self.links(before):
            transaction.update(ProjectTraces(project), actions=[ProjectTraces.traces.add({id})])
        for project in self.links(before) - self.links(after):
            transaction.update(ProjectTraces(project), actions=[ProjectTraces.traces.delete({id})])

    def _create_many(self, items: list[dict[str, Any]]) -> dict[str, int]:
        """The ids of those created; an item whose key was taken meanwhile is not among them."""
        if not items:
            return {}
        block = ids.allocate(self.resource, len(items))
        created = [self.model(id=id, **fields) for id, fields in zip(block, items, strict=True)]
        groups: list[list[M]] = [[]]
        room = TRANSACTION_WRITES
        for item in created:
            need = 2 + len(self.links(item))
            if need > room:
                groups.append([])
                room = TRANSACTION_WRITES
            groups[-1].append(item)
            room -= need

        def insert(group: list[M]) -> list[M]:
            return group if commit(lambda transaction: self._insert(transaction, group)) else []

        with ThreadPoolExecutor(THREADS) as pool:
            written = [item for group in pool.map(insert, groups) for item in group]
        return {getattr(item, self.key_field): item.id for item in written}  # type: ignore[attr-defined]

    def _sync_one(self, fields: dict[str, Any]) -> Synced:
        """Create or update one item, whoever else is at it."""
        key = fields[self.key_field]
        owner = self._owners([key]).get(key)
        if owner is None:
            try:
                return Synced(self.create(fields).id, key, "created")  # type: ignore[attr-defined]
            except Conflict as conflict:
                owner = conflict.id
        if self.update(owner, fields) is None:
            return Synced(self.create(fields).id, key, "created")  # type: ignore[attr-defined]
        return Synced(owner, key, "updated")

    def _unchanged(self, item: M, fields: dict[str, Any]) -> bool:
        return all(getattr(item, name) == value for name, value in fields.items())
