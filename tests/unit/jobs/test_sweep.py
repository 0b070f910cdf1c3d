"""The reconciler runs every part even if one of them fails."""

import pytest

from chalicelib.jobs import sweep


def test_every_part_is_reconciled_even_if_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = []

    def broken() -> int:
        raise ConnectionError("no answer")

    parts = {"first": broken, "second": lambda: swept.append("second") or 0}  # type: ignore[func-returns-value]
    monkeypatch.setattr(sweep, "SWEEPS", parts)
    with pytest.raises(RuntimeError, match="could not be reconciled: first"):
        sweep.handle()
    assert swept == ["second"]
