"""What every function imports at its cold start."""

import subprocess
import sys

import pytest
from chalice.deploy.validate import validate_routes

from infra.sources import REPOSITORY

HEAVY = ("eemeter", "eeweather", "numba", "numpy", "pandas", "polars", "scipy")


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The top-level packages that `import app` loads, in a process without environment variables."""
    code = "import app, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env={"PATH": ""}, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("package", HEAVY)
def test_importing_the_app_does_not_import(imported: set[str], package: str) -> None:
    assert "chalice" in imported
    assert package not in imported


def test_chalice_accepts_the_routes() -> None:
    from app import app

    validate_routes(app.routes)
