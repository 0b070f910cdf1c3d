"""The command line, with a deployed stack, as a user runs it: other programs see its output and exit code."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.stack import Running
from infra.sources import REPOSITORY
from tests.stack.client import Api
from tests.stack.meter_runs import bulk
from tests.stack.names import unique

PORTFOLIO = REPOSITORY / "docs" / "examples" / "portfolio"
TIMEOUT = 300  # seconds
Datastore = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user who has never used the command."""
    unset = {name: value for name, value in os.environ.items() if not name.startswith("DATASTORE_")}
    path = str(REPOSITORY / "client" / "src")
    return {**unset, "DATASTORE_CONFIG": str(tmp_path_factory.mktemp("settings")), "PYTHONPATH": path}


@pytest.fixture(scope="module")
def stranger(environment: dict[str, str]) -> Datastore:
    """Runs the command without a login."""

    def run(*arguments: str | Path, given: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "datastore_client", *arguments],
            env={**environment, **more},
            input=given,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )

    return run


@pytest.fixture(scope="module")
def datastore(stranger: Datastore, stack: Running) -> Datastore:
    """Runs the command after a login, with the token from standard input."""
    done = stranger("login", stack.url, given=f"{stack.token}\n")
    assert done.returncode == 0, done.stderr
    return stranger


@pytest.mark.usefixtures("weather")
def test_four_commands_lead_from_three_files_to_a_table_of_savings(datastore: Datastore, tmp_path: Path) -> None:
    loaded = datastore("load", PORTFOLIO / "bills.csv", PORTFOLIO / "projects.csv", PORTFOLIO / "meters.csv")
    assert loaded.returncode == 0, loaded.stderr
    assert "bills.csv" in loaded.stdout
    names = [row["project_id"] for row in csv.DictReader((PORTFOLIO / "projects.csv").open())]
    projects = [argument for name in names for argument in ("--project", name)]
    checked = datastore("check", *projects)
    assert checked.returncode == 0, checked.stderr
    assert "none would fail" in checked.stdout
    run = datastore("run", *projects, "--watch", "--json")
    assert run.returncode == 0, run.stderr
    batch = json.loads(run.stdout)
    assert batch["success"] == len(names)
    results = datastore("results", "--batch", str(batch["id"]))
    assert results.returncode == 0, results.stderr
    assert all(name in results.stdout for name in names)
    total = datastore("aggregate", *projects)
    assert total.returncode == 0, total.stderr
    assert "gas (NG_C_S) in THERM" in total.stdout
    exported = datastore("export", "savings", "-o", tmp_path / "savings.csv", *projects)
    assert exported.returncode == 0, exported.stderr
    rows = list(csv.DictReader((tmp_path / "savings.csv").open(encoding="utf-8-sig")))
    assert {row["project_id"] for row in rows} == set(names)
    assert all(float(row["savings_value"]) > 0 for row in rows)


def test_rejected_rows_are_shown_and_saved(datastore: Datastore, tmp_path: Path) -> None:
    path, rejected = tmp_path / "projects.csv", tmp_path / "rejected.csv"
    path.write_text(f"project_id,baseline_period_end\n{unique()},2016-12-26\n{unique()},soon\n")
    done = datastore("load", path, "--rejected", rejected)
    assert done.returncode == 3, done.stderr
    assert "soon" in done.stdout
    (row,) = csv.DictReader(rejected.open())
    assert (row["file"], row["line"], row["value"]) == ("projects.csv", "3", "soon")


def test_strict_stores_nothing_of_a_file_with_a_wrong_row(datastore: Datastore, tmp_path: Path) -> None:
    path = tmp_path / "projects.csv"
    path.write_text(f"project_id,baseline_period_end\n{unique()},2016-12-26\n{unique()},soon\n")
    done = datastore("load", path, "--strict", "--json")
    assert done.returncode == 1
    assert "was not imported" in done.stderr
    (upload,) = json.loads(done.stdout)
    assert (upload["status"], upload["created"]) == ("FAILED", 0)


def test_what_a_file_does_not_say_can_be_given(datastore: Datastore, tmp_path: Path) -> None:
    project, trace = unique(), unique()
    (tmp_path / "a.csv").write_text(f"project_id,timezone\n{project},Europe/Berlin\n")
    (tmp_path / "b.csv").write_text(f"trace_id,project_id,interpretation,unit\n{trace},{project},E_C_S,KWH\n")
    (tmp_path / "c.csv").write_text("Ablesung;Menge\n03.02.2016;1,5\n04.02.2016;2,5\n")
    columns = ("--column", "start=Ablesung", "--column", "value=Menge")
    options = ("--option", "date_format=%d.%m.%Y", "--option", f"trace_id={trace}")
    done = datastore("load", tmp_path / "a.csv", tmp_path / "b.csv")
    assert done.returncode == 0, done.stderr
    done = datastore("load", tmp_path / "c.csv", *columns, *options, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["created"] == 2
    done = datastore("load", tmp_path / "c.csv")
    assert done.returncode == 1
    assert "Ablesung, Menge" in done.stderr


def test_a_project_that_is_deleted_is_gone(datastore: Datastore, tmp_path: Path) -> None:
    name = unique()
    (tmp_path / "projects.csv").write_text(f"project_id,zipcode\n{name},62707\n")
    datastore("load", tmp_path)
    assert datastore("delete", "project", name, given="n\n").returncode == 1
    deleted = datastore("delete", "project", name, "--yes")
    assert deleted.returncode == 0, deleted.stderr
    assert name in deleted.stderr
    again = datastore("delete", "project", name, "--yes")
    assert again.returncode == 1
    assert f"There is no project with the project_id '{name}'" in again.stderr


@pytest.mark.usefixtures("datastore", "no_worker")
def test_an_interrupted_watch_says_how_to_continue(api: Api, trace: int, environment: dict[str, str]) -> None:
    batch, _ = bulk(api, {"trace": trace})
    command = [sys.executable, "-m", "datastore_client", "watch", str(batch)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"datastore watch {batch}" in log


def test_errors_have_exit_codes(datastore: Datastore, stack: Running, tmp_path: Path) -> None:
    assert datastore("load", tmp_path / "absent.csv").returncode == 2
    assert datastore("run").returncode == 2
    refused = datastore("run", "--failed-of", "999999999")
    assert refused.returncode == 1
    assert "There is no batch 999999999" in refused.stderr
    wrong = datastore("results", DATASTORE_TOKEN="eem_wrong")
    assert wrong.returncode == 4
    assert "Traceback" not in wrong.stderr
    assert datastore("results", DATASTORE_URL="http://example.com").returncode == 1


def test_nobody_is_logged_in_at_first(stranger: Datastore, tmp_path: Path, stack: Running) -> None:
    nowhere = {"DATASTORE_CONFIG": str(tmp_path)}
    done = stranger("results", **nowhere)
    assert done.returncode == 4
    assert "datastore login" in done.stderr
    assert stranger("login", stack.url, given="eem_wrong\n", **nowhere).returncode == 4
    assert not list(tmp_path.iterdir())
    assert stranger("login", stack.url, given=f"{stack.token}\n", **nowhere).returncode == 0
    assert (tmp_path / "login.json").stat().st_mode & 0o077 == 0
