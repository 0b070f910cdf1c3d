"""The tutorial as it is committed, with its outputs."""

import re
from typing import Any

import nbformat
import pytest

from infra.sources import REPOSITORY

TUTORIAL = REPOSITORY / "docs" / "tutorial.ipynb"
MAX_SIZE = 300_000  # bytes
PRIVATE = re.compile(
    r"eem_\w|Bearer|X-Amz|https?://|localhost|127\.0\.0\.1|(?<![\w.])/(?:home|root|tmp|var|work|Users)/"
)
LINK = re.compile(r"\]\(([^)#:]+)(?:#([^)]+))?\)")


@pytest.fixture(scope="module")
def notebook() -> Any:
    """The notebook, with the newest format's names."""
    return nbformat.read(TUTORIAL, as_version=4)  # type: ignore[no-untyped-call]


def test_it_is_valid_and_small(notebook: Any) -> None:
    nbformat.validate(notebook)
    assert TUTORIAL.stat().st_size < MAX_SIZE


def test_it_was_run_from_top_to_bottom_without_errors(notebook: Any) -> None:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}
    assert "error" not in {output.output_type for output in outputs}
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3


def test_it_shows_no_tokens_addresses_or_paths(notebook: Any) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts = [text for kind, text in output.get("data", {}).items() if kind != "image/png"]
            assert [PRIVATE.findall(text) for text in [output.get("text", ""), *texts] if PRIVATE.search(text)] == []
        assert not re.search(r"eem_\w", cell.source)


@pytest.mark.parametrize("text", ["eem_Zm9v", "http://example.com:4566/a", "in /home/me/x", "127.0.0.1"])
def test_what_it_must_not_show_is_found(text: str) -> None:
    assert PRIVATE.search(text)


def test_its_links_lead_to_files_and_headings(notebook: Any) -> None:
    found = [link for cell in notebook.cells if cell.cell_type == "markdown" for link in LINK.findall(cell.source)]
    assert len(found) > 5
    for path, heading in found:
        text = (TUTORIAL.parent / path).read_text()
        headings = [line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")]
        assert not heading or heading in headings, f"{path}#{heading}"
