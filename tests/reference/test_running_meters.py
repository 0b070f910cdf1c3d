"""Replays running_meters.rst: every request as it is written there, every response key by key."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.local import portfolio
from infra.local.stack import LocalStack, Running

DOCUMENT = Path(__file__).with_name("running_meters.rst")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
HOST = "https://example.openeemeter.org"
TOKEN = "INSERT_TOKEN_HERE"
ADDED_SINCE = ["meter_result", "batch"]  # keys of the contract, behind those of the document


def code_blocks() -> list[str]:
    """The document's Python blocks from its setup on, without their indentation."""
    text = DOCUMENT.read_text()
    text = text[text.index("# setup") - 40 :]
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", text)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in blocks]


def exchanges() -> list[tuple[str, Any]]:
    """Each request's code with the response that the document shows for it."""
    blocks = code_blocks()[1:]
    shown = ">>> response.json()\n"
    return [
        (request, ast.literal_eval(response.removeprefix(shown)))
        for request, response in zip(blocks[::2], blocks[1::2], strict=True)
        if response.startswith(shown)
    ]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack of its own, since the document counts ids from 1."""
    with LocalStack(tmp_path_factory.mktemp("reference")) as running:
        yield running


@pytest.fixture(scope="module")
def responses(fresh: Running) -> list[requests.Response]:
    """The responses to the document's requests, sent in its order to the setup that it assumes."""
    setup = code_blocks()[0]
    for written, here in ((HOST, fresh.url.removesuffix("/api/v1/")), (TOKEN, fresh.token)):
        assert written in setup
        setup = setup.replace(written, here)
    namespace: dict[str, Any] = {}
    exec(setup, namespace)
    namespace["meter_input"] = portfolio.meter_input("il-gas-hdd-only-billing_monthly")

    def post(path: str, body: dict[str, Any]) -> None:
        requests.post(f"{fresh.url}{path}", json=body, headers=namespace["headers"]).raise_for_status()

    for project in ("first", "second"):
        post("projects/", {"project_id": project})
    electricity, gas = "ELECTRICITY_CONSUMPTION_SUPPLIED", "NATURAL_GAS_CONSUMPTION_SUPPLIED"
    for interpretation, projects in ((electricity, []), (electricity, [1]), (gas, [1]), (gas, [2])):
        unit = "KWH" if interpretation is electricity else "THERM"
        name = f"{interpretation} {projects}"
        post("traces/", {"trace_id": name, "interpretation": interpretation, "unit": unit, "projects": projects})

    answered = []
    for code, _ in exchanges():
        exec(code.replace("{...}", "meter_input"), namespace)
        answered.append(namespace["response"])
    return answered


def check(found: Any, shown: Any) -> None:
    """The same keys in the same order, then those of the contract; the same values, but for time and place."""
    if isinstance(shown, list):
        assert len(found) == len(shown)
        for one, other in zip(found, shown, strict=True):
            check(one, other)
        return
    assert list(found) == [*shown, *ADDED_SINCE]
    for key, value in shown.items():
        if key in ("added", "updated"):
            assert TIMESTAMP.fullmatch(value)
            assert TIMESTAMP.fullmatch(found[key])
        elif key == "meter_input" and value is not None:
            assert value.startswith("https://")
            assert requests.get(found[key]).json()["type"] == "SINGLE_TRACE_SIMPLE_PROJECT"
        else:
            assert found[key] == value, key
            assert type(found[key]) is type(value), key


def test_the_document_holds_four_exchanges() -> None:
    assert len(exchanges()) == 4


@pytest.mark.parametrize("number", range(4))
def test_response_is_as_documented(responses: list[requests.Response], number: int) -> None:
    response = responses[number]
    assert response.status_code == 201, response.text
    check(response.json(), exchanges()[number][1])


def test_bulk_response_names_its_batch(fresh: Running, responses: list[requests.Response]) -> None:
    runs = [run for group in responses[-1].json() for run in group]
    assert responses[-1].headers["Location"].endswith(f"/api/v1/batches/{runs[0]['batch']}/")
    assert {run["batch"] for run in runs} == {1}
