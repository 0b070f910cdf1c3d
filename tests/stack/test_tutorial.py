"""The tutorial runs, and prints what the API returns."""

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from datastore_client import Client
from infra.local.stack import Running
from infra.sources import REPOSITORY

TUTORIAL = REPOSITORY / "docs" / "tutorial.ipynb"
TIMEOUT = 300  # seconds of a cell
PROJECTS = ("ELM-104", "OAK-12", "MAIN-230", "PINE-7")


def printed(notebook: Any, id: str) -> str:
    """What a cell has printed."""
    (cell,) = [cell for cell in notebook.cells if cell.id == id]
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.mark.usefixtures("weather")
def test_the_tutorial_runs_and_prints_the_savings_of_the_api(
    stack: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATASTORE_URL", stack.url)
    monkeypatch.setenv("DATASTORE_TOKEN", stack.token)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY / "client" / "src"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # of the tests; plots in a notebook need the kernel's own
    shutil.copytree(REPOSITORY / "docs" / "examples", tmp_path / "examples")  # so that no file appears in docs/
    notebook: Any = nbformat.read(TUTORIAL, as_version=4)  # type: ignore[no-untyped-call]
    committed = printed(notebook, "portfolio")
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=TIMEOUT, resources=where).execute()  # raises CellExecutionError

    with Client(stack.url, stack.token) as client:
        (result,) = client.aggregate(projects=[client.projects(project_id=name)[0]["id"] for name in PROJECTS])
    savings = f"{result['differential_value']:,.1f} ± {result['differential_upper']:,.1f} therms"
    assert f"The portfolio saves {savings} in a normal year" in printed(notebook, "portfolio")
    again = "Run `make run`, then `.venv/bin/jupyter execute --inplace docs/tutorial.ipynb`, to update the outputs."
    assert printed(notebook, "portfolio") == committed, again
    assert (tmp_path / "savings.csv").read_text(encoding="utf-8-sig").count("\n") == 13
