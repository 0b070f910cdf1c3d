"""`python -m infra.verify` finds what is wrong in a deployment."""

import pytest

from chalicelib.settings import settings
from chalicelib.store.shared import documents
from infra.verify import __main__ as verify

pytestmark = pytest.mark.usefixtures("store")


def test_an_object_that_belongs_to_nothing_is_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "WAIT", 0)
    key = "meter_inputs/of-no-run-0.json"
    documents.put(key, {})
    try:
        assert verify.verify() > 0
    finally:
        documents.client().delete_object(Bucket=settings().bucket, Key=key)
    shown = capsys.readouterr().out
    assert f"- the object {key} belongs to nothing" in shown
    assert "violated  nothing-unreferenced" in shown
    verify.verify()
    assert key not in capsys.readouterr().out
