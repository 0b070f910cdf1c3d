"""Read and check the stages in infra/deployment/stages.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.sources import REPOSITORY

FILE = REPOSITORY / "infra" / "deployment" / "stages.yaml"
PROJECT = "eemeter-datastore"
NAME = re.compile(r"[a-z][a-z0-9-]{0,13}")  # CloudFormation would truncate longer function names
SHARED = ("account", "artifacts")  # names of what all stages share
CHOICES: dict[str, tuple[object, ...]] = {
    "data": ("retain", "delete"),
    "architecture": ("x86_64", "arm64"),
    "hourly_models": (True, False),
}
MARGIN = 90  # seconds after its timeout when a worker has certainly ended
MAPS = ("tags", "parameters")


class StageError(Exception):
    """A stage is unknown or not valid; the message says what would be valid."""


@dataclass(frozen=True)
class Stage:
    """The configuration of one stage."""

    name: str
    data: str
    architecture: str
    hourly_models: bool
    tags: dict[str, str]
    parameters: dict[str, str]

    @property
    def stack(self) -> str:
        """The name of the stage's stack."""
        return f"{PROJECT}-{self.name}"

    @property
    def retained(self) -> bool:
        """Whether the data outlive the stack."""
        return self.data == "retain"


def read(name: str, file: Path = FILE) -> Stage:
    """Read the stage with this name. Raises StageError."""
    try:
        stages = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise StageError(f"{file} cannot be read: {error}") from None
    if not isinstance(stages, dict):
        raise StageError(f"{file} must be a map from names to stages.")
    if name not in stages:
        known = ", ".join(map(str, stages))
        raise StageError(
            f"{file} has no stage {name!r}; it has {known}. To deploy one: make deploy STAGE={next(iter(stages))}"
        )
    return parse(name, stages[name], f"{file}, stage {name}")


def parse(name: str, given: Any, where: str) -> Stage:
    """Validate a stage's entry in the file. Raises StageError."""
    if not NAME.fullmatch(name) or name in SHARED:
        raise StageError(
            f"{where}: a stage's name must be up to 14 lower-case letters, digits and hyphens, start with a letter, and"
            f" not be {' or '.join(SHARED)}."
        )
    known = (*CHOICES, *MAPS)
    if not isinstance(given, dict) or given.keys() != set(known):
        odd = ", ".join(sorted(map(repr, set(given) ^ set(known)))) if isinstance(given, dict) else repr(given)
        raise StageError(f"{where}: it must have exactly these keys: {', '.join(known)}. Missing or unknown: {odd}.")
    for key, choices in CHOICES.items():
        if not any(given[key] == choice and type(given[key]) is type(choice) for choice in choices):  # 0 is not False
            one_of = " or ".join(str(choice).lower() for choice in choices)
            raise StageError(f"{where}: {key} is {given[key]!r}; it must be {one_of}.")
    return Stage(
        name,
        given["data"],
        given["architecture"],
        given["hourly_models"],
        _strings(given["tags"], f"{where}, tags") | {"project": PROJECT, "stage": name},
        _strings(given["parameters"], f"{where}, parameters"),
    )


def check(parameters: Mapping[str, str], template: Mapping[str, Any]) -> None:
    """Check that the template has the parameters and QueueVisibility exceeds WorkerTimeout. Raises StageError."""
    known = template["Parameters"].keys() - {"HourlyImage"}  # which hourly_models sets
    if unknown := parameters.keys() - known:
        names = ", ".join(sorted(unknown))
        raise StageError(f"{FILE}: the template has no parameter {names}. It has: {', '.join(sorted(known))}.")
    timeout, visibility = (
        _seconds(name, parameters.get(name, template["Parameters"][name]["Default"]))
        for name in ("WorkerTimeout", "QueueVisibility")
    )
    if visibility < timeout + MARGIN:
        raise StageError(
            f"{FILE}: QueueVisibility is {visibility}; it must be at least {timeout + MARGIN}: {MARGIN} more than"
            " WorkerTimeout."
        )


def _seconds(name: str, value: str | int) -> int:
    try:
        return int(value)
    except ValueError:
        raise StageError(f"{FILE}: {name} is {value!r}; it must be a whole number of seconds.") from None


def _strings(given: Any, where: str) -> dict[str, str]:
    if not isinstance(given, dict):
        raise StageError(f"{where}: it is {given!r}; it must be a map, such as {{}} if empty.")
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise StageError(f"{where}: {key} is {value!r}; it must be a number or a string. Put a string in quotes.")
    return {str(key): str(value) for key, value in given.items()}
