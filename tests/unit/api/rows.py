"""A table in memory."""

from typing import Any

from chalicelib.store.collections.keyed import Synced
from chalicelib.store.shared import pages
from chalicelib.store.shared.errors import Conflict
from chalicelib.store.shared.pages import Page


class Rows:
    """A table with a unique key."""

    def __init__(self, model: Any, key: str) -> None:
        self.model, self.key = model, key
        self.rows: dict[int, Any] = {}

    def owner(self, key: str) -> int | None:
        return next((id for id, row in self.rows.items() if getattr(row, self.key) == key), None)

    def create(self, fields: dict[str, Any]) -> Any:
        owner = self.owner(fields.get(self.key, ""))
        if owner is not None:
            raise Conflict(self.key, fields[self.key], owner)
        id = len(self.rows) + 1
        self.rows[id] = self.model(id=id, **fields)
        return self.rows[id]

    def update(self, id: int, changes: dict[str, Any]) -> Any:
        if id not in self.rows:
            return None
        owner = self.owner(changes.get(self.key, ""))
        if owner not in (None, id):
            raise Conflict(self.key, changes[self.key], owner)
        for name, value in changes.items():
            setattr(self.rows[id], name, value)
        return self.rows[id]

    def delete(self, id: int) -> bool:
        return self.rows.pop(id, None) is not None

    def get_many(self, ids: Any) -> dict[int, Any]:
        return {id: self.rows[id] for id in set(ids) if id in self.rows}

    def find_many(self, keys: list[str]) -> dict[str, Any]:
        return {getattr(row, self.key): row for row in self.rows.values() if getattr(row, self.key) in keys}

    def sync(self, items: list[dict[str, Any]]) -> list[Synced]:
        done = []
        for item in items:
            owner = self.owner(item[self.key])
            if owner is None:
                done.append(Synced(self.create(item).id, item[self.key], "created"))
            else:
                self.update(owner, item)
                done.append(Synced(owner, item[self.key], "updated"))
        return done

    def page(self, *, after: int, limit: int, **filters: Any) -> Page[Any]:
        keep = pages.matches(**filters)
        rows = [row for id, row in sorted(self.rows.items()) if id > after and keep(row)]
        return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)
