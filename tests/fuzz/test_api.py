"""The API is fuzzed with a few hundred requests; `make fuzz` sends thousands."""

import re
from pathlib import Path

import pytest

from tests.fuzz.fuzzing import fuzz


@pytest.mark.slow
def test_the_api_withstands_random_requests(tmp_path: Path) -> None:
    arguments = ("--phases", "fuzzing,stateful", "--max-examples", "3", "--generation-deterministic")
    ended = fuzz(tmp_path, *arguments)
    assert ended.returncode == 0, ended.stdout
    generated = re.search(r"(\d+) generated", ended.stdout)
    assert generated, ended.stdout
    assert int(generated[1]) >= 100
