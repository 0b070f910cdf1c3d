"""The arguments of a run in its complete input: those of the request, or else those of a posted input."""

from typing import Any

import pytest

from chalicelib.jobs import meter_input
from chalicelib.store import documents
from chalicelib.store.tables import MeterRun

ARGUMENTS = ("model_class", "model_kwargs", "formatter_class", "formatter_kwargs", "uncertainty")


@pytest.mark.parametrize(
    ("posted", "asked", "expected"),
    [
        ({}, {}, {}),
        ({"uncertainty": "caltrack"}, {}, {"uncertainty": "caltrack"}),
        ({}, {"uncertainty": "bootstrap"}, {"uncertainty": "bootstrap"}),
        ({"uncertainty": "caltrack"}, {"uncertainty": "guideline14"}, {"uncertainty": "guideline14"}),
        ({"uncertainty": "caltrack"}, {"model_class": "M"}, {"uncertainty": "caltrack", "model_class": "M"}),
    ],
)
def test_what_the_request_asks_for_comes_before_what_the_input_says(
    monkeypatch: pytest.MonkeyPatch, posted: dict[str, Any], asked: dict[str, Any], expected: dict[str, Any]
) -> None:
    monkeypatch.setattr(documents, "get", lambda key: dict(posted))
    monkeypatch.setattr(meter_input, "add_weather", lambda document: None)
    found = meter_input.complete_input(MeterRun(id=1, meter_input="key", **asked))
    assert found == dict.fromkeys(ARGUMENTS) | expected
