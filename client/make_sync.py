"""Make the synchronous client from the asynchronous one: `python client/make_sync.py`.

With --check, only say whether it is up to date.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from unasync import Rule, unasync_files

PACKAGE = Path(__file__).resolve().parent / "src" / "datastore_client"
RUFF = Path(sys.executable).with_name("ruff")
NAMES = {
    "_async": "_sync",
    "AsyncApi": "Api",
    "AsyncBaseTransport": "BaseTransport",
    "AsyncClient": "Client",
    "AsyncExports": "Exports",
    "AsyncRuns": "Runs",
    "AsyncUploads": "Uploads",
    "aclose": "close",
    "aiter_bytes": "iter_bytes",
    "aread": "read",
    "chunks_async": "chunks",
    "in_parallel_async": "in_parallel",
    "pause_async": "pause",
}


def made(directory: Path) -> dict[str, str]:
    """Make the synchronous modules in a directory, and return their text by name."""
    source = directory / "_async"
    shutil.copytree(PACKAGE / "_async", source, ignore=shutil.ignore_patterns("__pycache__"))
    (source / "__init__.py").write_text('"""The synchronous client: made from `_async` by client/make_sync.py."""\n')
    rule = Rule(fromdir="/_async/", todir="/_sync/", additional_replacements=NAMES)
    unasync_files([str(path) for path in source.glob("*.py")], [rule])
    target = directory / "_sync"
    configuration = PACKAGE.parents[2] / "pyproject.toml"
    for command in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([RUFF, *command, "--no-cache", "--config", configuration, target], check=True)
    return {path.name: path.read_text() for path in target.glob("*.py")}


def main(check: bool) -> None:
    """Write the modules that differ; with `check`, exit with 1 if any does."""
    target = PACKAGE / "_sync"
    with tempfile.TemporaryDirectory() as directory:
        modules = made(Path(directory))
    present = {path.name: path.read_text() for path in target.glob("*.py")}
    if check:
        sys.exit("client/src/datastore_client/_sync is not up to date: run `make fmt`." if modules != present else 0)
    for name in present.keys() - modules.keys():
        (target / name).unlink()
    for name, text in modules.items():
        if present.get(name) != text:
            (target / name).write_text(text)


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
