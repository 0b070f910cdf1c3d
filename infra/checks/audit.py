"""Look for known vulnerabilities in the packages of the lock file, with pip-audit.

`python -m infra.checks.audit` fails for each vulnerability that audit.yaml does not accept. If the service that knows
them does not answer, it prints that the audit was skipped, and succeeds: tests have to work without it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.sources import REPOSITORY

LOCK_FILE = REPOSITORY / "requirements-dev.txt"  # includes all that is deployed
ACCEPTED = Path(__file__).with_suffix(".yaml")
# The lock file is complete, so nothing is resolved or installed: pip is not needed.
OPTIONS = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
UNREACHABLE = re.compile(r"ConnectionError|Could not connect|ServiceError|HTTPError|Timeout|blocking this service")


class AuditError(Exception):
    """The audit found a vulnerability, or pip-audit failed; the message says which."""


class UnavailableError(Exception):
    """The vulnerability service did not answer; the message says how."""


@dataclass(frozen=True)
class Vulnerability:
    """A known vulnerability of a pinned package. ids: its id and aliases. fixed_in: versions without it."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        fix = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "without a fixed version"
        return f"{self.package} {self.version}: {' = '.join(self.ids)}, {fix}"


@dataclass(frozen=True)
class Report:
    """What the service knows. unknown: the packages that it does not know."""

    vulnerabilities: tuple[Vulnerability, ...]
    audited: frozenset[str]
    unknown: tuple[str, ...]


def ask() -> Report:
    """Ask the service about each package of the lock file. Raises AuditError and UnavailableError."""
    command = [sys.executable, "-m", "pip_audit", *OPTIONS, "--requirement", str(LOCK_FILE)]
    ran = subprocess.run(command, capture_output=True, text=True)
    return read(ran.stdout, ran.stderr)


def read(stdout: str, stderr: str) -> Report:
    """Read the output of pip-audit, which exits with 1 for a vulnerability as well as for an error.

    Raises AuditError and UnavailableError.
    """
    try:
        packages = json.loads(stdout)["dependencies"]
    except ValueError:
        last = stderr.strip().rpartition("\n")[2]
        if UNREACHABLE.search(stderr):
            raise UnavailableError(f"it does not answer: {last}") from None
        raise AuditError(f"pip-audit failed:\n{stderr.strip()}") from None
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        raise UnavailableError("it knows none of the packages, so it is not the public service")
    found = (
        Vulnerability(
            package["name"], package["version"], (known["id"], *known["aliases"]), tuple(known["fix_versions"])
        )
        for package in audited
        for known in package["vulns"]
    )
    unknown = tuple(package["name"] for package in packages if "skip_reason" in package)
    return Report(tuple(found), frozenset(package["name"] for package in audited), unknown)


def check(report: Report, accepted: Iterable[Mapping[str, str]]) -> None:
    """Raise AuditError for vulnerabilities that are not accepted, and for entries that match nothing."""
    entries = {(entry["package"], entry["id"]) for entry in accepted}
    known = {(one.package, id) for one in report.vulnerabilities for id in one.ids}
    refused = [one for one in report.vulnerabilities if not entries & {(one.package, id) for id in one.ids}]
    unused = [f"{package} {id}" for package, id in sorted(entries - known) if package not in report.unknown]
    messages = []
    if refused:
        listed = "\n".join(f"  {one}" for one in refused)
        messages.append(
            f"These packages have known vulnerabilities:\n{listed}\nUpdate them with `make lock ARGS=--upgrade`. If one"
            f" cannot be updated or does not concern us, add it with the reason to {ACCEPTED.relative_to(REPOSITORY)}."
        )
    if unused:
        messages.append(f"{ACCEPTED.relative_to(REPOSITORY)} accepts what no longer exists: {', '.join(unused)}.")
    if messages:
        raise AuditError("\n".join(messages))


def main() -> None:
    accepted: list[dict[str, Any]] = yaml.safe_load(ACCEPTED.read_text())
    try:
        report = ask()
    except UnavailableError as error:
        print(f"AUDIT SKIPPED: no package was checked for known vulnerabilities. About the service: {error}.")
        return
    check(report, accepted)
    print(f"{len(report.audited)} packages have no known vulnerability, except {len(accepted)} that we accept.")
    if report.unknown:
        print(f"NOT AUDITED, since the service does not know them: {', '.join(report.unknown)}")


if __name__ == "__main__":
    try:
        main()
    except AuditError as error:
        sys.exit(str(error))
