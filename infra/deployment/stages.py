"""The stages of infra/deployment/stages.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.sources import REPOSITORY

FILE = REPOSITORY / "infra" / "deployment" / "stages.yaml"
PROJECT = "eemeter-datastore"
NAME = re.compile(r"[a-z][a-z0-9-]{0,13}")  # of a longer one CloudFormation cuts functions' names, which policies spell
SHARED = ("account", "artifacts")  # what all stages share is called so
CHOICES: dict[str, tuple[object, ...]] = {
    "data": ("retain", "delete"),
    "architecture": ("x86_64", "arm64"),
    "hourly_models": (True, False),
}
MARGIN = 90  # seconds after which a worker that is out of time is certainly dead
MAPS = ("tags", "parameters")


class StageError(Exception):
    """A stage is unknown, or not described as it should be; the message says what would be right."""


@dataclass(frozen=True)
class Stage:
    """How one stage is deployed."""

    name: str
    data: str
    architecture: str
    hourly_models: bool
    tags: dict[str, str]
    parameters: dict[str, str]

    @property
    def stack(self) -> str:
        """The name of its stack."""
        return f"{PROJECT}-{self.name}"

    @property
    def retained(self) -> bool:
        """Whether its data outlive its stack."""
        return self.data == "retain"


def read(name: str, file: Path = FILE) -> Stage:
    """The stage of this name. Raises StageError."""
    try:
        stages = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise StageError(f"{file} cannot be read: {error}") from None
    if not isinstance(stages, dict):
        raise StageError(f"{file} should be a map of stages, by their names.")
    if name not in stages:
        known = ", ".join(map(str, stages))
        raise StageError(
            f"{file} has no stage {name!r}; it has {known}. Deploy one by: make deploy STAGE={next(iter(stages))}"
        )
    return parse(name, stages[name], f"{file}, stage {name}")


def parse(name: str, given: Any, where: str) -> Stage:
    """A stage as the file gives it. Raises StageError."""
    if not NAME.fullmatch(name) or name in SHARED:
        raise StageError(
            f"{where}: a stage's name is up to 14 lower-case letters, digits and hyphens, a letter first, and not"
            f" {' or '.join(SHARED)}."
        )
    known = (*CHOICES, *MAPS)
    if not isinstance(given, dict) or given.keys() != set(known):
        odd = ", ".join(sorted(map(repr, set(given) ^ set(known)))) if isinstance(given, dict) else repr(given)
        raise StageError(f"{where}: it should have {', '.join(known)}, and no more; see to {odd}.")
    for key, choices in CHOICES.items():
        if not any(given[key] == choice and type(given[key]) is type(choice) for choice in choices):  # 0 is no false
            one_of = " or ".join(str(choice).lower() for choice in choices)
            raise StageError(f"{where}: {key} should be {one_of}, and is {given[key]!r}.")
    return Stage(
        name,
        given["data"],
        given["architecture"],
        given["hourly_models"],
        _texts(given["tags"], f"{where}, tags") | {"project": PROJECT, "stage": name},
        _texts(given["parameters"], f"{where}, parameters"),
    )


def check(parameters: Mapping[str, str], template: Mapping[str, Any]) -> None:
    """Raises StageError for a parameter that the template lacks, or a queue that does not wait for its worker."""
    known = template["Parameters"].keys() - {"HourlyImage"}  # which is what hourly_models is for
    if unknown := parameters.keys() - known:
        names = ", ".join(sorted(unknown))
        raise StageError(f"{FILE}: the template has no parameter {names}. It has: {', '.join(sorted(known))}.")
    timeout, visibility = (
        int(parameters.get(name, template["Parameters"][name]["Default"]))
        for name in ("WorkerTimeout", "QueueVisibility")
    )
    if visibility < timeout + MARGIN:
        raise StageError(
            f"{FILE}: QueueVisibility is {visibility}; it has to be {MARGIN} more than WorkerTimeout, {timeout}."
        )


def _texts(given: Any, where: str) -> dict[str, str]:
    if not isinstance(given, dict):
        raise StageError(f"{where}: it should be a map, such as {{}} when empty, and is {given!r}.")
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise StageError(
                f"{where}: {key} should be a number or a text, and is {value!r}; quote it if it is a text."
            )
    return {str(key): str(value) for key, value in given.items()}
