"""What the audit makes of pip-audit's output: vulnerabilities fail it unless accepted, and it never fails offline."""

import json
from typing import Any

import pytest
import yaml

from infra.checks import audit
from infra.checks.audit import AuditError, Report, UnavailableError

FOUND = {"id": "PYSEC-2026-1", "fix_versions": ["2.1"], "aliases": ["CVE-2026-0001"], "description": "bad"}
BAD = {"name": "bad", "version": "2.0", "vulns": [FOUND]}
GOOD = {"name": "good", "version": "1.0", "vulns": []}
PRIVATE = {"name": "private", "skip_reason": "Dependency not found on PyPI"}
OFFLINE = (
    "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed",
    "Traceback\nrequests.exceptions.ConnectionError: HTTPSConnectionPool: Failed to resolve the name",
    "Traceback\nrequests.exceptions.ReadTimeout: Read timed out.",
    "Traceback\nrequests.exceptions.HTTPError: 503\n\npip_audit._service.interface.ServiceError",
)


def _report(*packages: dict[str, Any]) -> Report:
    return audit.read(json.dumps({"dependencies": packages, "fixes": []}), "")


def test_packages_without_known_vulnerabilities_pass() -> None:
    report = _report(GOOD, PRIVATE)
    audit.check(report, [])
    assert report.audited == {"good"}
    assert report.unknown == ("private",)


def test_a_known_vulnerability_fails_and_is_described() -> None:
    with pytest.raises(AuditError, match=r"bad 2\.0: PYSEC-2026-1 = CVE-2026-0001, fixed in 2\.1\n") as failure:
        audit.check(_report(GOOD, BAD), [])
    assert "infra/checks/audit.yaml" in str(failure.value)


@pytest.mark.parametrize("id", ["PYSEC-2026-1", "CVE-2026-0001"])
def test_a_vulnerability_that_is_accepted_by_any_of_its_ids_passes(id: str) -> None:
    audit.check(_report(GOOD, BAD), [{"package": "bad", "id": id, "reason": "not used"}])


def test_the_same_id_of_another_package_is_not_accepted() -> None:
    with pytest.raises(AuditError, match=r"bad 2\.0(.|\n)*accepts what no longer exists: good PYSEC-2026-1"):
        audit.check(_report(GOOD, BAD), [{"package": "good", "id": "PYSEC-2026-1", "reason": "other"}])


def test_an_entry_about_a_package_that_was_not_audited_stays() -> None:
    audit.check(_report(GOOD, PRIVATE), [{"package": "private", "id": "CVE-1", "reason": "unknown"}])


@pytest.mark.parametrize("stderr", OFFLINE)
def test_a_service_that_does_not_answer_skips_the_audit(
    stderr: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "ask", lambda: audit.read("", stderr))
    audit.main()
    assert "AUDIT SKIPPED: no package was checked" in capsys.readouterr().out


def test_a_service_that_knows_no_package_skips_the_audit() -> None:
    with pytest.raises(UnavailableError, match="knows none of the packages"):
        _report(PRIVATE)


def test_any_other_failure_of_pip_audit_fails() -> None:
    with pytest.raises(AuditError, match="pip-audit failed:\nERROR: invalid requirements input"):
        audit.read("", "ERROR: invalid requirements input")


def test_each_accepted_vulnerability_has_a_reason() -> None:
    for entry in yaml.safe_load(audit.ACCEPTED.read_text()):
        assert entry.keys() == {"package", "id", "reason"}
        assert entry["reason"]


@pytest.mark.slow
def test_the_audit_runs_whether_or_not_the_service_answers(capsys: pytest.CaptureFixture[str]) -> None:
    audit.main()
    printed = capsys.readouterr().out
    assert "AUDIT SKIPPED" in printed or "have no known vulnerability" in printed
