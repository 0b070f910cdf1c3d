"""The names of the findings, which clients rely on, are documented and have sentences."""

from pathlib import Path
from typing import get_args

import pytest

from chalicelib.metering.fitting import sentences
from chalicelib.metering.preparation.quality.findings import Name

ROOT = Path(__file__).parents[5]


@pytest.mark.parametrize("name", get_args(Name))
def test_the_documentation_lists_it(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "data-quality.md").read_text()


@pytest.mark.parametrize("name", get_args(Name))
def test_it_has_a_sentence_of_its_own(name: str) -> None:
    assert name in sentences.SENTENCES
