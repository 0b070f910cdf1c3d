"""The reconciler runs every part even if one of them fails."""

import pytest

from chalicelib.jobs import reconcile


def test_every_part_is_reconciled_even_if_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    reconciled = []

    def broken() -> int:
        raise ConnectionError("no answer")

    parts = {"first": broken, "second": lambda: reconciled.append("second") or 0}  # type: ignore[func-returns-value]
    monkeypatch.setattr(reconcile, "TASKS", parts)
    with pytest.raises(RuntimeError, match="parts of the reconciliation failed: first"):
        reconcile.handle()
    assert reconciled == ["second"]
