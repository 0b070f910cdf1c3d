"""Checks of meter runs: what a run would find in its data, as reported by the Lambda function that has eemeter."""

from collections import Counter
from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.alternatives import GIVEN, NULL, any_of
from chalicelib.api.http.fields import MAX_ITEMS, OUTPUT, Id
from chalicelib.api.http.items import Items
from chalicelib.api.http.problems import TOO_LARGE, UNAVAILABLE, Problem, error, invalid
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.resources.batches import DataFailures
from chalicelib.api.resources.meter_results import Criterion
from chalicelib.api.rules.meter_run_limits import CHECK, check_count
from chalicelib.api.schemas.meter_runs import ONE_RUN, MeterRunIn
from chalicelib.api.shared.data_quality import EXAMPLE as QUALITY
from chalicelib.api.shared.data_quality import Count, DataQualities
from chalicelib.api.shared.meter_inputs import resolved
from chalicelib.api.shared.targets import Target, single_pair, specs_of
from chalicelib.store.runs import checks
from chalicelib.store.runs.meter_runs import RunSpec

MAX_CHECKED = 200  # runs per request, so that the response takes seconds
MAX_LISTED = 100  # checks per response
MAX_LIST_BYTES = 5_500_000  # of these checks, below Lambda's limit of 6 MB, however long the findings are
RETRY_AFTER = "5"  # seconds


class CheckIn(MeterRunIn):
    """What to check: the body of a meter run or, with targets, of a bulk request."""

    model_config = ConfigDict(
        json_schema_extra=any_of(
            *({**run, "targets": NULL} for run in ONE_RUN),
            {"targets": GIVEN, "trace": NULL, "project": NULL, "meter_input": NULL},
        )
    )

    targets: Annotated[list[Target], Items(MAX_ITEMS, min_length=1)] | None = Field(
        default=None, description="Instead of trace, project and meter_input: the targets of a bulk request."
    )


class PeriodCriterion(Criterion):
    """A warning or sufficiency criterion, and the period that it applies to."""

    period: Annotated[Literal["baseline", "reporting"] | None, Field(description="Null: it applies to the whole run.")]


class Failure(TypedDict):
    """Why a run would fail before a model is fitted."""

    reason: Annotated[
        Literal["data", "sufficiency", "weather", "model"],
        Field(description="The same as `failure_reason` of a meter run."),
    ]
    message: Annotated[str, Field(description="What is wrong and how to fix it.")]


@with_config(OUTPUT)
class CheckOut(TypedDict):
    """What one run would find."""

    project: Annotated[Id | None, Field(description="Null for a posted meter input.")]
    trace: Annotated[Id | None, Field(description="Null for a posted meter input.")]
    failure: Annotated[
        Failure | None,
        Field(description="Null: the run would go on to fit the models, and succeed if they fit well enough."),
    ]
    warnings: list[PeriodCriterion]
    disqualification: Annotated[
        list[PeriodCriterion],
        Field(description="A disqualified reporting period gets no model, and the run goes on without it."),
    ]
    data_quality: Annotated[
        DataQualities | None, Field(description="Null if the run would fail before its readings are checked.")
    ]


@with_config(OUTPUT)
class ChecksOut(TypedDict):
    """What the runs of a request would find, in total and one by one."""

    runs: Annotated[Count, Field(description="How many runs the same body would schedule.")]
    checked: Annotated[
        Count,
        Field(
            description=f"How many of them were checked: all, or an evenly spread sample of {MAX_CHECKED} if there are "
            "more, or fewer if the time limit of about 20 seconds was reached."
        ),
    ]
    failing: Annotated[Count, Field(description="How many of the checked runs would fail.")]
    failing_by_reason: Annotated[DataFailures, Field(description="`failing` by reason.")]
    warned: Annotated[
        dict[str, Count], Field(description="How many of the checked runs have each warning, by its name.")
    ]
    disqualified: Annotated[
        dict[str, Count],
        Field(
            description="How many of the checked runs would go on without a model of the reporting period, by the name "
            "of each criterion that disqualifies it."
        ),
    ]
    checks: Annotated[
        list[CheckOut],
        Field(
            description=f"The first {MAX_LISTED} of the checked runs, or fewer if they do not fit into a response: "
            "those that would fail, then those with warnings or disqualified periods, then the others, each in the "
            "order of the request."
        ),
    ]


def runs_to_check(body: CheckIn, raw: bytes, scopes: Collection[str]) -> list[dict[str, Any]]:
    """The runs that the body would schedule, as chalicelib.jobs.check_runs accepts them. Raises the 400 Problem."""
    if body.targets is not None:
        if extra := [name for name in ("trace", "project", "meter_input") if getattr(body, name) is not None]:
            raise invalid(*(error(f"The check has both targets and a {name}; give only one.", name) for name in extra))
        specs = [spec for group in specs_of(body.targets, body.arguments(), CHECK) for spec in group]
        check_count(specs, CHECK)
        return [_run_to_check(spec, body.arguments()) for spec in specs]
    if body.meter_input is not None:
        body.require_input_alone()
        given = resolved(body.meter_input, raw, scopes)
        return [{"posted_input": given} if isinstance(given, str) else {"document": given}]
    project, trace = single_pair(body.project, body.trace)
    return [{"project": project, "trace": trace}]


def _run_to_check(spec: RunSpec, arguments: dict[str, Any]) -> dict[str, Any]:
    """A run with those arguments that differ from the request's: it repeats one that FAILED."""
    own = {name: value for name, value in spec.arguments.items() if value != arguments[name]}
    return {"project": spec.project, "trace": spec.trace, **own}


def summary(runs: list[dict[str, Any]], arguments: dict[str, Any]) -> ChecksOut:
    """Check the runs, as chalicelib.jobs.check_runs accepts them. Raises the Problem if none can be checked."""
    sample = _sample(runs)
    checked = [
        _check_out(run, found)
        for run, found in zip(sample, _run_checks(sample, arguments), strict=True)
        if found is not None
    ]
    reasons = Counter(check["failure"]["reason"] for check in checked if check["failure"])
    names = Counter(name for check in checked for name in {warning["name"] for warning in check["warnings"]})
    criteria = Counter(
        name
        for check in checked
        if not check["failure"]
        for name in {criterion["name"] for criterion in check["disqualification"]}
    )
    return {
        "runs": len(runs),
        "checked": len(checked),
        "failing": reasons.total(),
        "failing_by_reason": {
            "data": reasons["data"],
            "sufficiency": reasons["sufficiency"],
            "weather": reasons["weather"],
            "model": reasons["model"],
        },
        "warned": dict(sorted(names.items())),
        "disqualified": dict(sorted(criteria.items())),
        "checks": _most_serious(checked),
    }


def _sample(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All of the runs, or an evenly spread sample of MAX_CHECKED."""
    count = min(len(runs), MAX_CHECKED)
    return [runs[index * len(runs) // count] for index in range(count)]


def _run_checks(runs: list[dict[str, Any]], arguments: dict[str, Any]) -> list[dict[str, Any] | None]:
    try:
        return checks.check(runs, arguments)
    except checks.TooLarge as refusal:
        detail = (
            f"The meter input is {refusal.size / 1e6:.1f} MB, and a check accepts at most 6 MB. Post its series to "
            "trace_records/ and weather_records/, then check the trace."
        )
        raise Problem(TOO_LARGE, detail) from None
    except checks.Unavailable:
        detail = "No run could be checked: the check function is at capacity, timed out or failed. Try again."
        raise Problem(UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER}) from None


def _check_out(run: dict[str, Any], found: dict[str, Any]) -> CheckOut:
    return {
        "project": run.get("project"),
        "trace": run.get("trace"),
        "failure": found["failure"],
        "warnings": found["warnings"],
        "disqualification": found["disqualification"],
        "data_quality": found["data_quality"],
    }


def _most_serious(checked: list[CheckOut]) -> list[CheckOut]:
    """The most serious checks first, as many as fit into a response."""
    listed, size = list[CheckOut](), 0
    for check in sorted(checked, key=_rank)[:MAX_LISTED]:
        size += lambda_bytes(check)
        if size > MAX_LIST_BYTES:
            break
        listed.append(check)
    return listed


def _rank(check: CheckOut) -> int:
    if check["failure"]:
        return 0
    return 1 if check["warnings"] or check["disqualification"] else 2


_OUTLIER = {
    "period": "reporting",
    "name": "datastore.data_quality.outliers",
    "description": "Readings are outliers: far from comparable readings.",
    "data": {"count": 1, "readings": ["2015-07-04, 412.5 (limit 127.1)"]},
    "detail": "outliers (1), far from comparable readings: 2015-07-04, 412.5 (limit 127.1)"
    '; set formatter_kwargs {"outliers": "exclude"} to exclude them (outliers)',
}
_NONE = {"data": 0, "sufficiency": 0, "weather": 0, "model": 0}
_WARNED = {
    "project": 1,
    "trace": 2,
    "failure": None,
    "warnings": [_OUTLIER],
    "disqualification": [],
    "data_quality": {"baseline": QUALITY, "reporting": QUALITY},
}
_FAILING = {
    "project": 1,
    "trace": 3,
    "failure": {
        "reason": "data",
        "message": "The trace has no records: post its readings to trace_records/, then run again.",
    },
    "warnings": [],
    "disqualification": [],
    "data_quality": None,
}
EXAMPLE = {
    "runs": 1,
    "checked": 1,
    "failing": 0,
    "failing_by_reason": _NONE,
    "warned": {_OUTLIER["name"]: 1},
    "disqualified": {},
    "checks": [_WARNED],
}
BULK_EXAMPLE = {
    "runs": 2,
    "checked": 2,
    "failing": 1,
    "failing_by_reason": {**_NONE, "data": 1},
    "warned": {_OUTLIER["name"]: 1},
    "disqualified": {},
    "checks": [_FAILING, _WARNED],
}
