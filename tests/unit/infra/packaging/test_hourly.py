"""The file tree of the image: our code, and everything that the hourly models import."""

from pathlib import Path

import pytest

from infra.packaging import hourly, lean


def test_the_tree_holds_our_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(target: Path, contents: lean.Contents) -> dict[str, int]:
        assert contents is hourly.HOURLY
        target.mkdir()
        return {"eemeter": 1}

    monkeypatch.setattr(hourly, "build", build)
    made = tmp_path / "tree"
    assert hourly.make(made) == {"eemeter": 1}
    assert {path.name for path in made.iterdir()} == {"app.py", "chalicelib", ".chalice"}
    assert not [*made.rglob("__pycache__")]


def test_the_pins_include_what_the_hourly_models_import() -> None:
    pins = lean.locked(lean.METER_LOCK, hourly.HOURLY.packages)
    names = {line.partition("==")[0] for line in pins.splitlines() if line[:1].isalpha()}
    assert {"numba", "pywavelets", "scikit-fda", "scikit-learn", "statsmodels"} <= names
    assert not names & {"pip", "pyarrow", "setuptools"}
