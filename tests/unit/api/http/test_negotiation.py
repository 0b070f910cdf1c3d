"""The Accept header: which lists are CSV, and what they look like."""

import csv
import io

import pytest

from chalicelib.api.http.negotiation import prefers_csv
from chalicelib.api.http.problems import Problem
from tests.unit.api.conftest import Api

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        ("", False),
        ("*/*", False),
        (BROWSER, False),
        ("application/json", False),
        ("application/json, text/csv", False),
        ("application/json;q=0.5, text/csv", True),
        ("text/csv", True),
        ("Text/CSV; header=present", True),
        ("text/csv;q=0.5, */*;q=0.1", True),
        ("text/*", True),
        ("text/csv;q=0, */*", False),
        ("text/csv;q=high", True),
    ],
)
def test_csv_is_returned_only_if_it_is_preferred(accept: str, is_csv: bool) -> None:
    assert prefers_csv({"accept": accept}) is is_csv


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "text/csv;q=0, application/json;q=0.0", ","])
def test_what_a_list_cannot_be_is_refused(accept: str) -> None:
    with pytest.raises(Problem) as refused:
        prefers_csv({"accept": accept})
    assert refused.value.kind.status == 406
    assert "text/csv" in refused.value.detail


def test_a_list_is_csv_with_the_fields_of_its_json(call: Api) -> None:
    for name in ("=1+1", 'a "b", c'):
        assert call("POST", "projects/", {"project_id": name, "metadata": {"floor": -1}}).status == 201
    as_json = call("GET", "projects/").json
    answer = call("GET", "projects/", Accept="text/csv")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Vary"] == "Accept-Encoding, Accept"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["project_id"] for row in rows] == ["'=1+1", 'a "b", c']
    assert list(rows[0]) == list(as_json[0])
    assert rows[0]["metadata"] == '{"floor":-1}'
    assert rows[0]["zipcode"] == ""


def test_pages_of_csv_are_linked(call: Api) -> None:
    for name in ("one", "two", "three"):
        call("POST", "projects/", {"project_id": name})
    first = call("GET", "projects/?limit=2", Accept="text/csv")
    assert len(first.text.splitlines()) == 3
    assert 'rel="next"' in first.headers["Link"]
    assert call("GET", "projects/?limit=2&after=2", Accept="text/csv").text.count("\r\n") == 2


def test_an_empty_list_has_a_header(call: Api) -> None:
    assert call("GET", "trace_groups/", Accept="text/csv").text == "id,name,filter_specification,added,updated\r\n"


def test_only_lists_are_negotiated(call: Api) -> None:
    assert call("GET", "projects/", Accept="application/xml").status == 406
    id = call("POST", "projects/", {"project_id": "one"}, Accept="text/csv").json["id"]
    assert call("GET", f"projects/{id}/", Accept="text/csv").json["project_id"] == "one"
