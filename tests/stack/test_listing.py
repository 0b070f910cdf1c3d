"""meter_runs/, meter_results/ and derivatives/: their filters and pages."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.stack.client import Api
from tests.stack.meter_runs import Runs, bare_trace, bulk, ids
from tests.stack.names import ABSENT
from tests.stack.projects import make_project

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
RUN_KEYS = {"id", "project", "trace", "status", "meter_input", "model_class", "model_kwargs", "formatter_class"} | {
    "formatter_kwargs",
    "failure_message",
    "traceback",
    "added",
    "updated",
    "meter_result",
    "batch",
    "uncertainty",
    "failure_reason",
    "data_quality",
    "reporting_window",
}


def test_meter_runs_are_filtered(api: Api, runs: Runs) -> None:
    own, other, failed = runs.own, runs.other, runs.failed
    assert failed["status"] == "FAILED"
    for filters, expected in (
        ({"batch": runs.batch}, [own, other, failed]),
        ({"trace": own["trace"]}, [own, other]),
        ({"project": own["project"]}, [own, failed]),
        ({"project": other["project"]}, [other]),
        ({"trace": own["trace"], "project": other["project"]}, [other]),
        ({"trace": failed["trace"], "status": "FAILED"}, [failed]),
        ({"trace": failed["trace"], "status": "SUCCESS"}, []),
        ({"project": own["project"], "status": "SUCCESS"}, [own]),
        ({"batch": runs.batch, "status": "SUCCESS"}, [own, other]),
        ({"batch": runs.batch, "trace": failed["trace"]}, [failed]),
        ({"batch": f"{runs.batch},{ABSENT}"}, [own, other, failed]),
        ({"batch": runs.batch, "status": "SUCCESS,FAILED"}, [own, other, failed]),
        ({"batch": runs.batch, "status": "PENDING,FAILED"}, [failed]),
        ({"batch": runs.batch, "failure_reason": failed["failure_reason"]}, [failed]),
        ({"project": f"{own['project']},{other['project']}"}, [own, other, failed]),
        ({"trace": f"{own['trace']},{failed['trace']}", "status": "SUCCESS"}, [own, other]),
        ({"batch": runs.batch, "status": "PENDING"}, []),
        ({"batch": ABSENT}, []),
        ({"trace": ABSENT}, []),
        ({"project": ABSENT}, []),
    ):
        assert ids(api.get("meter_runs/", **filters)) == ids(expected), filters
    assert set(api.get("meter_runs/", batch=runs.batch)[0]) == RUN_KEYS


@pytest.mark.parametrize("status", ["SUCCESS", "FAILED"])
def test_meter_runs_are_filtered_by_status_alone(api: Api, runs: Runs, status: str) -> None:
    first = runs.own["id"]
    listed = [run for page in api.pages("meter_runs/", status=status, after=first - 1, limit=2) for run in page]
    assert {run["status"] for run in listed} == {status}
    wanted = {run["id"] for run in (runs.own, runs.other, runs.failed) if run["status"] == status}
    assert wanted == {run["id"] for run in listed if first <= run["id"] < first + 3}


def test_the_pages_of_meter_runs_together_are_the_whole_list(api: Api) -> None:
    project = make_project(api)
    trace = bare_trace(api, project)
    batch, scheduled = bulk(api, *[{"trace": trace}] * 7)
    assert scheduled == list(range(scheduled[0], scheduled[0] + 7))
    for filters in ({"batch": batch}, {"trace": trace}, {"project": project}, {"after": scheduled[0] - 1}):
        pages = api.pages("meter_runs", limit=3, **filters)
        assert ids([run for page in pages for run in page])[:7] == scheduled, filters
        assert [len(page) for page in pages][:2] == [3, 3]


def test_meter_results_are_filtered(api: Api, runs: Runs) -> None:
    own, other = runs.own["meter_result"], runs.other["meter_result"]
    for filters, expected in (
        ({"trace": runs.own["trace"]}, sorted([own, other])),
        ({"project": runs.own["project"]}, [own]),
        ({"project": runs.other["project"], "trace": runs.own["trace"]}, [other]),
        ({"meter_run": runs.own["id"]}, [own]),
        ({"meter_run": runs.failed["id"]}, []),
        ({"meter_run": f"{runs.other['id']},{runs.own['id']}"}, sorted([own, other])),
        ({"batch": runs.batch}, sorted([own, other])),
        ({"batch": runs.batch, "project": runs.own["project"]}, [own]),
        ({"batch": ABSENT}, []),
        ({"trace": ABSENT}, []),
    ):
        assert ids(api.get("meter_results/", **filters)) == expected, filters
    pages = api.pages("meter_results/", trace=runs.own["trace"], limit=1)
    assert [id for page in pages for id in ids(page)] == sorted([own, other])
    shown = api.get(f"meter_results/{own}/")
    listed = api.get("meter_results/", meter_run=runs.own["id"])[0]
    assert listed | {"meter_output": ""} == shown | {"meter_output": ""}  # its URL is signed again for each response


def test_derivatives_are_filtered(api: Api, runs: Runs) -> None:
    own, other = (api.derivatives(run) for run in (runs.own, runs.other))
    assert len(own) == len(other) == 3
    both = sorted([*own.values(), *other.values()], key=lambda derivative: int(derivative["id"]))
    assert api.get("derivatives/", trace=runs.own["trace"]) == both
    assert api.get("derivatives/", project=runs.other["project"]) == [one for one in both if one in other.values()]
    assert api.get("derivatives/", trace=runs.failed["trace"]) == []
    assert api.get("derivatives/", meter_result=ABSENT) == []
    for name, derivative in own.items():
        assert api.get(f"derivatives/{derivative['id']}/") == derivative
        assert api.get("derivatives/", meter_result=runs.own["meter_result"], interpretation=name) == [derivative]
        of_trace = api.get("derivatives/", trace=runs.own["trace"], interpretation=name)
        assert of_trace == [one for one in both if one["interpretation"] == name]
        alone = api.pages("derivatives/", interpretation=name, after=both[0]["id"] - 1, limit=2)
        assert [one for page in alone for one in page][:2] == of_trace
    pages = api.pages("derivatives", trace=runs.own["trace"], limit=4)
    assert [one for page in pages for one in page] == both


def test_the_newest_result_of_each_trace_and_project_is_listed(api: Api, make_trace: Callable[..., int]) -> None:
    trace, other = make_trace(), make_trace()
    batch, scheduled = bulk(api, {"trace": trace}, {"trace": other})
    assert [api.succeeded(run)["batch"] for run in scheduled] == [batch, batch]
    older = api.get("meter_results/", batch=batch)
    again, (last,) = bulk(api, {"trace": trace})
    api.succeeded(last)
    (newer,) = ids(api.get("meter_results/", batch=again))
    (kept,) = [result["id"] for result in older if result["trace"] == other]
    assert ids(api.get("meter_results/", trace=f"{trace},{other}", newest="true")) == [kept, newer]
    assert ids(api.get("meter_results/", batch=f"{batch},{again}", newest="true")) == [kept, newer]
    assert ids(api.get("meter_results/", newest="true", after=kept - 1)) == [kept, newer]
    found = api.get("derivatives/", batch=f"{batch},{again}", newest="true", interpretation="gross_predicted")
    assert [derivative["meter_result"] for derivative in found] == [kept, newer]
    assert ids(api.get("meter_results/", trace=trace, newest="false")) == [older[0]["id"], newer]


def texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def test_every_timestamp_is_in_utc_with_microseconds(api: Api, runs: Runs) -> None:
    shown = [
        runs.own,
        api.get(f"meter_results/{runs.own['meter_result']}/"),
        api.derivatives(runs.own),
        api.get(f"batches/{runs.batch}/"),
    ]
    dates = [text for text in texts(shown) if re.match(r"\d{4}-\d\d-\d\dT", text)]
    assert len(dates) == 20  # including the start and end of each model and of its data
    assert [date for date in dates if not TIMESTAMP.fullmatch(date)] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("meter_runs/", {"status": "success"}),
        ("meter_runs/", {"status": "DONE"}),
        ("meter_runs/", {"trace": "x"}),
        ("meter_runs/", {"project": 0}),
        ("meter_runs/", {"batch": "1.5"}),
        ("meter_results/", {"trace": "x"}),
        ("meter_results/", {"status": "SUCCESS"}),
        ("meter_results/", {"newest": "1"}),
        ("meter_runs/", {"status": "SUCCESS,DONE"}),
        ("meter_runs/", {"trace": "1,"}),
        ("meter_runs/", {"trace": ",".join(map(str, range(1, 102)))}),
        ("derivatives/", {"interpretation": "gross"}),
        ("derivatives/", {"meter_result": "x"}),
        ("derivatives/", {"trace_id": "x"}),
    ],
    ids=str,
)
def test_an_invalid_filter_is_reported(api: Api, path: str, query: dict[str, Any]) -> None:
    problem = api.refused("GET", path, 400, params=query)
    assert [error["pointer"] for error in problem["errors"]] == [f"/{next(iter(query))}"]
