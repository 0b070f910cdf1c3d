"""Plan how the global secondary indexes of a stack's tables change, without code ever missing one that it queries.

DynamoDB creates or deletes one index of a table at a time ("You can create or delete only one global secondary index
per UpdateTable operation", API reference, UpdateTable), and CloudFormation rejects an update that asks for more
("Cannot perform more than one GSI creation or deletion in a single update"). So a deployment that changes several is
made in steps: new indexes are created while the earlier code runs, and old ones deleted when the new code does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.deployment.cloudformation import StackError

TABLE = "AWS::DynamoDB::Table"

Template = Mapping[str, Any]
Indexes = Sequence[Mapping[str, Any]]


class IndexChangeError(StackError):
    """An index or an attribute cannot change in the way that a template asks for; the message says what to do."""


@dataclass(frozen=True)
class Plan:
    """The templates to deploy, in this order; each changes at most one index of each table.

    before: the deployed template with the new indexes. update: the new template, which still has the old indexes.
    after: the new template with fewer and fewer of them. The last template of the plan is the new one as it is.
    """

    before: Sequence[Template]
    update: Template
    after: Sequence[Template]


def plan(deployed: Template, new: Template) -> Plan:
    """Plan the update of a stack from one template to another. Raises IndexChangeError."""
    changes = {
        name: _Change(name, deployed["Resources"][name], table)
        for name, table in new["Resources"].items()
        if table["Type"] == TABLE and _stays(deployed.get("Resources", {}).get(name), table)
    }
    creations = max((len(change.created) for change in changes.values()), default=0)
    deletions = max((len(change.deleted) for change in changes.values()), default=0)
    return Plan(
        [_with(deployed, {n: one.creating(step) for n, one in changes.items()}) for step in range(1, creations + 1)],
        _with(new, {n: one.deleting(0) for n, one in changes.items()}),
        [_with(new, {n: one.deleting(step) for n, one in changes.items()}) for step in range(1, deletions + 1)],
    )


@dataclass(frozen=True)
class _Change:
    """The change of one table."""

    name: str
    deployed: Mapping[str, Any]
    new: Mapping[str, Any]

    def __post_init__(self) -> None:
        before, after = ({one["IndexName"]: one for one in indexes_of(table)} for table in (self.deployed, self.new))
        for index in sorted(before.keys() & after.keys()):
            if before[index] != after[index]:
                raise IndexChangeError(
                    f"{self.name}: the index {index} has changed. An index cannot be changed while code queries it:"
                    " give the new one another name."
                )
        types = _types(self.deployed) | _types(self.new)
        for attribute, kind in _types(self.deployed).items():
            if types[attribute] != kind:
                raise IndexChangeError(
                    f"{self.name}: the type of {attribute} has changed from {kind} to {types[attribute]}. The key of an"
                    " index keeps its type: use an attribute of another name."
                )

    @property
    def created(self) -> Indexes:
        return _without(indexes_of(self.new), indexes_of(self.deployed))

    @property
    def deleted(self) -> Indexes:
        return _without(indexes_of(self.deployed), indexes_of(self.new))

    def creating(self, step: int) -> Mapping[str, Any]:
        """The deployed table with up to `step` new indexes."""
        created = self.created[:step]
        return self._with_indexes(self.deployed, [*indexes_of(self.deployed), *created]) if created else self.deployed

    def deleting(self, step: int) -> Mapping[str, Any]:
        """The new table with the old indexes except up to `step` of them."""
        kept = self.deleted[step:]
        return self._with_indexes(self.new, [*indexes_of(self.new), *kept]) if kept else self.new

    def _with_indexes(self, table: Mapping[str, Any], indexes: Indexes) -> Mapping[str, Any]:
        types, properties = _types(self.deployed) | _types(self.new), table["Properties"]
        keyed = [properties, *properties.get("LocalSecondaryIndexes", []), *indexes]
        used = dict.fromkeys(key["AttributeName"] for one in keyed for key in one["KeySchema"])
        definitions = [{"AttributeName": name, "AttributeType": types[name]} for name in used]
        changed = {"AttributeDefinitions": definitions, "GlobalSecondaryIndexes": indexes}
        return {**table, "Properties": {**properties, **changed}}


def indexes_of(table: Mapping[str, Any]) -> Indexes:
    """The global secondary indexes of a table's resource."""
    found: Indexes = table["Properties"].get("GlobalSecondaryIndexes", [])
    return found


def _stays(deployed: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """Whether a table is updated, rather than created or replaced."""
    return (
        deployed is not None
        and deployed["Type"] == TABLE
        and all(
            deployed["Properties"].get(key) == new["Properties"].get(key)
            for key in ("KeySchema", "LocalSecondaryIndexes")
        )
    )


def _without(indexes: Indexes, others: Indexes) -> Indexes:
    names = {one["IndexName"] for one in others}
    return [one for one in indexes if one["IndexName"] not in names]


def _types(table: Mapping[str, Any]) -> dict[str, str]:
    definitions: Iterable[Mapping[str, str]] = table["Properties"]["AttributeDefinitions"]
    return {one["AttributeName"]: one["AttributeType"] for one in definitions}


def _with(template: Template, tables: Mapping[str, Any]) -> Template:
    return {**template, "Resources": {**template["Resources"], **tables}}
