"""Run checkov, in its own virtual environment because its pins conflict with ours."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from infra.locks import exclusive
from infra.sources import REPOSITORY

LOCK_FILE = REPOSITORY / "requirements-checkov.txt"
HOME = REPOSITORY / ".local" / "checkov"
SKIPS = REPOSITORY / "infra" / "checks" / "checkov.yaml"
UV = str(Path(sys.executable).with_name("uv"))
OPTIONS = ["--skip-download", "--framework", "cloudformation", "dockerfile", "--compact", "--output", "json"]


class CheckovError(Exception):
    """checkov could not be installed or could not read a file; the message says why."""


@dataclass(frozen=True, order=True)
class Finding:
    """A check that a resource fails. file: the file's name without its directory."""

    file: str
    check: str
    resource: str
    title: str


def findings(files: Iterable[Path]) -> set[Finding]:
    """Return checkov's findings in templates and Dockerfiles, without network access. Raises CheckovError."""
    paths = [str(file.resolve()) for file in files]
    ran = subprocess.run([_python(), "-m", "checkov.main", *OPTIONS, "--file", *paths], capture_output=True, text=True)
    try:
        output = json.loads(ran.stdout)
    except ValueError:
        raise CheckovError(f"checkov failed:\n{ran.stderr or ran.stdout}") from None
    reports = [
        report["results"] for report in (output if isinstance(output, list) else [output]) if "results" in report
    ]
    read = {check["file_abs_path"] for report in reports for check in report["passed_checks"]}
    if unread := sorted(set(paths) - read):
        raise CheckovError(f"checkov read nothing in {', '.join(unread)}:\n{ran.stderr}")
    return {
        Finding(Path(check["file_path"]).name, check["check_id"], _name(check["resource"]), check["check_name"])
        for report in reports
        for check in report["failed_checks"]
    }


def apply_skips(found: set[Finding], skips: list[dict[str, Any]]) -> tuple[set[Finding], list[str]]:
    """Return the findings that are not skipped, and the skips that no longer match anything."""
    unskipped, unused = set(found), []
    for skip in skips:
        for file in skip["files"]:
            for resource in skip["resources"]:
                matched = {
                    finding
                    for finding in found
                    if (finding.file, finding.check) == (file, skip["check"])
                    and fnmatchcase(finding.resource, resource)
                }
                unskipped -= matched
                if not matched:
                    unused.append(f"{skip['check']} of {resource} in {file}")
    return unskipped, unused


def _name(resource: str) -> str:
    """Return the logical id of a resource, which checkov prefixes with its type."""
    return resource.rpartition(".")[2]


def _python() -> str:
    """Return the Python with checkov installed, installing it if needed. Raises CheckovError."""
    python = HOME / "bin" / "python"
    with exclusive(HOME.with_suffix(".lock")):
        ready = HOME / hashlib.sha256(LOCK_FILE.read_bytes() + sys.version.encode()).hexdigest()
        if not ready.exists():
            _run(UV, "venv", "--clear", "--python", sys.executable, str(HOME))
            _run(UV, "pip", "install", "--python", str(python), "--require-hashes", "-r", str(LOCK_FILE))
            ready.touch()
    return str(python)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CheckovError(f"checkov could not be installed (is the network available?):\n{done.stderr or done.stdout}")
