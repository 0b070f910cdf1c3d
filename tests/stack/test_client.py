"""The Python client, with a deployed stack."""

import asyncio
from pathlib import Path

import pytest

from datastore_client import AsyncClient, Client, NotAuthorized, Problem
from infra.local.stack import Running
from infra.sources import REPOSITORY
from tests.stack.names import unique

PORTFOLIO = REPOSITORY / "docs" / "examples" / "portfolio"


@pytest.fixture
def client(stack: Running) -> Client:
    """A client with all scopes."""
    return Client(stack.url, stack.token)


@pytest.mark.usefixtures("weather")
def test_three_files_become_a_table_of_savings(client: Client) -> None:
    for name in ("projects.csv", "meters.csv", "bills.csv"):
        upload = client.upload(PORTFOLIO / name)
        assert upload["rejected"] == 0
        assert upload["created"] + upload["updated"] + upload["unchanged"] == upload["rows"]
    assert client.upload(PORTFOLIO / "bills.csv")["unchanged"] == upload["rows"]
    projects = [client.projects(project_id=name)[0]["id"] for name in ("ELM-104", "MAIN-230")]
    batch = client.follow_batch(client.run([{"project": id} for id in projects])["id"])
    assert batch["success"] == 2
    table = client.savings(batch=batch["id"], interpretation="annualized_weather_normal")
    assert sorted(table["project_id"]) == ["ELM-104", "MAIN-230"]
    assert table["trace_id"].tolist()[0].startswith("4711-")
    assert (table["savings_value"] > 0).all()
    found = client.derivatives(batch=batch["id"], interpretation="annualized_weather_normal")
    assert sorted(table["baseline_value"]) == sorted(one["baseline_value"] for one in found)
    (result,) = client.aggregate(projects=projects)
    assert result["differential_value"] == pytest.approx(table["savings_value"].sum())


def test_rows_that_are_wrong_are_rejected(client: Client, tmp_path: Path) -> None:
    name = unique()
    path = tmp_path / "projects.csv"
    path.write_text(f"project_id,baseline_period_end,zipcode\n{name},2016-12-26,62707\n{name}-b,soon,62707\n")
    upload = client.upload(path)
    assert (upload["rows"], upload["created"], upload["rejected"]) == (2, 1, 1)
    assert "soon" in client.get_text(upload["rejected_rows"])


def test_an_export_becomes_a_file(client: Client, tmp_path: Path) -> None:
    for format, start in (("csv", "trace"), ("parquet", "PAR1")):
        export = client.export("trace_records", tmp_path / f"records.{format}", format=format)
        saved = tmp_path / f"records.{format}"
        assert saved.stat().st_size == export["size"]
        assert saved.read_bytes().removeprefix(b"\xef\xbb\xbf").startswith(start.encode())


def test_all_pages_of_a_list_are_read(client: Client) -> None:
    prefix = unique()
    made = client.sync_projects([{"project_id": f"{prefix}-{number}"} for number in range(5)])
    pages = list(client.pages("projects/", limit=2))
    assert len(pages) > 2
    assert {one["id"] for one in made} <= {one["id"] for page in pages for one in page}


def test_a_refusal_says_why(client: Client) -> None:
    with pytest.raises(Problem, match="There is no project 999999999") as raised:
        client.run([{"project": 999_999_999}])
    assert raised.value.status == 400
    assert raised.value.errors[0]["pointer"] == "/targets/0/project"


def test_a_wrong_token_is_not_authorized(stack: Running) -> None:
    with Client(stack.url, "eem_wrong") as client, pytest.raises(NotAuthorized):
        client.projects()


def test_the_asynchronous_client_does_the_same(stack: Running, tmp_path: Path) -> None:
    name = unique()
    path = tmp_path / "projects.csv"
    path.write_text(f"project_id,zipcode\n{name},02134\n")

    async def load() -> list[dict[str, object]]:
        async with AsyncClient(stack.url, stack.token) as client:
            await client.upload(path)
            return await client.projects(project_id=name)

    (project,) = asyncio.run(load())
    assert project["zipcode"] == "02134"
