"""Changes of items with links, and how they are divided into transactions."""

import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pynamodb.attributes import Attribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.store.tables.base import now

M = TypeVar("M", bound=Model)

TRANSACTION_WRITES = 100  # DynamoDB's limit per transaction, including condition checks
KEY_WRITES = 2  # if an item gets another key


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

    @property
    def writes(self) -> int:
        """How many writes it needs if the key stays, besides the checks that the projects it links to exist."""
        item_and_key = 2 if self.before is None or self.removed else 1
        return item_and_key + len(self.linked) + len(self.unlinked)


def changed(before: M, fields: dict[str, Any]) -> Change[M]:
    """The change that gives an item these fields."""
    after = copy.deepcopy(before)
    for name, value in fields.items():
        setattr(after, name, value)
    after.updated = now()  # type: ignore[attr-defined]
    return Change(after, before)


def difference(before: M, after: M) -> list[Action]:
    """The updates of the attributes in which an item differs; others keep what was written since it was read."""
    actions: list[Action] = []
    for name, attribute in type(after).get_attributes().items():
        old, new = (_serialized(attribute, getattr(item, name)) for item in (before, after))
        if new != old:
            path = getattr(type(after), name)
            actions.append(path.remove() if new is None else path.set(getattr(after, name)))
    return actions


def _serialized(attribute: Attribute[Any], value: Any) -> Any:
    """The value as it is stored, in which 1 and true differ. Equal sets may be serialized in different orders."""
    if value is None or isinstance(value, set):
        return value
    return attribute.serialize(value)


def _links(item: Model | None) -> set[int]:
    return set(getattr(item, "projects", ()))


def steps(change: Change[M]) -> list[Change[M]]:
    """A change, or two if it has too many links for a transaction: one adds links, and the other removes some."""
    writes = change.writes + KEY_WRITES + len(change.linked)
    if change.before is None or change.removed or writes <= TRANSACTION_WRITES:
        return [change]
    added = changed(change.before, {"projects": sorted(_links(change.before) | change.linked)})
    return [added, Change(change.item, added.item)]


def same(item: Model, fields: dict[str, Any]) -> bool:
    """Whether the item already has these values."""
    return all(_equal(getattr(item, name), value) for name, value in fields.items())


def _equal(one: Any, other: Any) -> bool:
    """Equality as in JSON, where 1 and true are different values (unlike in Python)."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def groups(changes: list[Change[M]]) -> list[list[Change[M]]]:
    """Group changes in order, each group small enough for one transaction, unless a single change is too large."""
    groups: list[list[Change[M]]] = []
    writes, checked = TRANSACTION_WRITES, set[int]()
    for change in changes:
        writes += change.writes
        checked = checked | change.linked
        if writes + len(checked) > TRANSACTION_WRITES:
            groups.append([])
            writes, checked = change.writes, change.linked
        groups[-1].append(change)
    return groups
