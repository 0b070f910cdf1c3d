"""One part of the sweep that fails keeps no other from its work."""

import pytest

from chalicelib.jobs import sweep


def test_every_part_is_swept_although_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = []

    def broken() -> int:
        raise ConnectionError("no answer")

    parts = {"first": broken, "second": lambda: swept.append("second") or 0}  # type: ignore[func-returns-value]
    monkeypatch.setattr(sweep, "SWEEPS", parts)
    with pytest.raises(RuntimeError, match="could not be swept: first"):
        sweep.handle()
    assert swept == ["second"]
