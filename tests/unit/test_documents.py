"""The documents for contributors name files and functions that exist."""

import importlib
import re
from pathlib import Path

import pytest

from infra.sources import REPOSITORY

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/architecture.md")
PAGES = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")]
FUNCTION = re.compile(r"`((?:api|jobs|store|metering|aggregation|weather)\.[a-z_.]+)`")
PATH = re.compile(r"`((?:\.chalice|benchmarks|chalicelib|docs|infra|requirements|tests)/[\w./-]*)`")
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]+))?\)")


def read(name: str) -> str:
    return Path(REPOSITORY, name).read_text()


def exists(name: str) -> bool:
    """Whether a dotted name below chalicelib is a module, or something in one."""
    module, _, attribute = f"chalicelib.{name}".rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError:
        return False


def test_functions_that_the_architecture_names_exist() -> None:
    named = FUNCTION.findall(read("docs/architecture.md"))
    assert len(named) > 30
    assert [name for name in named if not exists(name)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_that_are_named_exist(document: str) -> None:
    named = PATH.findall(read(document))
    assert named
    assert [path for path in named if not Path(REPOSITORY, path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_linked_pages_and_headings_exist(page: Path) -> None:
    for path, heading in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), path
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", found.lower()).replace(" ", "-") for found in headings}
            assert heading in anchors, f"{path}#{heading}"
