"""Read a reference document: its Python blocks, the exchanges that they show, and the setup that it assumes."""

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import requests

from datastore_client import Client
from infra.local.stack import Running

FOLDER = Path(__file__).parent
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
SHOWN = ">>> response.json()\n"
HOST = "https://example.openeemeter.org"
TOKEN = "INSERT_TOKEN_HERE"
ELECTRICITY, GAS = "ELECTRICITY_CONSUMPTION_SUPPLIED", "NATURAL_GAS_CONSUMPTION_SUPPLIED"
TRACES = [(ELECTRICITY, []), (ELECTRICITY, [1]), (GAS, [1]), (GAS, [2])]  # with their projects; ids start at 1


class Exchange(NamedTuple):
    """The code of a request, and the response that the document shows for it."""

    request: str
    response: Any


def code_blocks(name: str) -> list[str]:
    """The document's Python blocks in order, without their indentation."""
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", (FOLDER / name).read_text())
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in blocks]


def exchanges(name: str) -> list[Exchange]:
    """The requests of a document for which it shows a response."""
    blocks = code_blocks(name)
    return [
        Exchange(request, ast.literal_eval(response.removeprefix(SHOWN)))
        for request, response in pairwise(blocks)
        if response.startswith(SHOWN)
    ]


def namespace(running: Running) -> dict[str, Any]:
    """The names that the documents' code uses, from the setup in running_meters.rst."""
    (setup,) = [block for block in code_blocks("running_meters.rst") if block.startswith("# setup")]
    for written, here in ((HOST, running.url.removesuffix("/api/v1/")), (TOKEN, running.token)):
        assert written in setup
        setup = setup.replace(written, here)
    names: dict[str, Any] = {}
    exec(setup, names)
    return names


def make_portfolio(running: Running, project: dict[str, Any] | None = None) -> Client:
    """Create the projects and traces that the documents assume on an empty stack, and return a client of it."""
    client = Client(running.url, running.token)
    for name in ("first", "second"):
        client.post("projects/", {**(project or {}), "project_id": name})
    for interpretation, projects in TRACES:
        unit = "KWH" if interpretation is ELECTRICITY else "THERM"
        name = f"{interpretation} {projects}"
        client.post("traces/", {"trace_id": name, "interpretation": interpretation, "unit": unit, "projects": projects})
    return client


def check(found: Any, shown: Any, added_since: list[str], document_key: str, document_type: str) -> None:
    """Check for the same keys in the same order, then the added keys, and for the same values except times and URLs.

    document_key: the key whose value is a URL; document_type: the `type` in the document at this URL.
    """
    assert list(found) == [*shown, *added_since]
    for key, value in shown.items():
        if key in ("added", "updated"):
            assert TIMESTAMP.fullmatch(value)
            assert TIMESTAMP.fullmatch(found[key])
        elif key == document_key and value is not None:
            assert value.startswith("https://")
            assert requests.get(found[key]).json()["type"] == document_type
        else:
            assert found[key] == value, key
            assert type(found[key]) is type(value), key
