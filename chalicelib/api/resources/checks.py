"""Checks of meter runs: what a run would find in its data, asked of the function that has eemeter."""

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import OUTPUT, Id
from chalicelib.api.http.problems import TOO_LARGE, UNAVAILABLE, Problem, error, invalid
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.resources.batches import DataFailures
from chalicelib.api.resources.meter_results import Criterion
from chalicelib.api.shared.data_quality import EXAMPLE as QUALITY
from chalicelib.api.shared.data_quality import Count, DataQualities
from chalicelib.store.runs import checks

MOST_CHECKED = 200  # runs of one request, so that it is answered in seconds
MOST_LISTED = 100  # of them in the response
MOST_LIST_BYTES = 5_500_000  # below Lambda's 6 MB, whatever the findings say
RETRY_AFTER = "5"  # seconds


class PeriodCriterion(Criterion):
    """A warning or sufficiency criterion, and of which period it is."""

    period: Annotated[
        Literal["baseline", "reporting"] | None, Field(description="Null: it is of no period, but of the whole run.")
    ]


class Failure(TypedDict):
    """Why a run would fail before a model is fitted."""

    reason: Annotated[
        Literal["data", "sufficiency", "weather", "model"], Field(description="As `failure_reason` of a meter run.")
    ]
    message: Annotated[str, Field(description="What is wrong, and what to do.")]


@with_config(OUTPUT)
class CheckOut(TypedDict):
    """What one run would find."""

    project: Annotated[Id | None, Field(description="Null for a posted meter input.")]
    trace: Annotated[Id | None, Field(description="Null for a posted meter input.")]
    failure: Annotated[
        Failure | None,
        Field(description="Null: the run would go on, and how well the model fits decides."),
    ]
    warnings: list[PeriodCriterion]
    disqualification: Annotated[
        list[PeriodCriterion],
        Field(description="Of the reporting period it leaves that without a model, and the run goes on."),
    ]
    data_quality: Annotated[
        DataQualities | None, Field(description="Null where the run would fail before its readings are looked at.")
    ]


@with_config(OUTPUT)
class ChecksOut(TypedDict):
    """What the runs of a request would find, in all and one by one."""

    runs: Annotated[Count, Field(description="The runs that the same body schedules.")]
    checked: Annotated[
        Count,
        Field(
            description=f"How many of them were checked: all, or of more than {MOST_CHECKED} so many, spread evenly; "
            "and fewer where the time, some 20 seconds, was over before."
        ),
    ]
    failing: Annotated[Count, Field(description="How many of the checked would fail.")]
    failing_by_reason: Annotated[DataFailures, Field(description="`failing` by reason.")]
    warned: Annotated[dict[str, Count], Field(description="How many of the checked have each warning, by its name.")]
    disqualified: Annotated[
        dict[str, Count],
        Field(
            description="How many of the checked would go on without a model of the reporting period, by each "
            "criterion that disqualifies it."
        ),
    ]
    checks: Annotated[
        list[CheckOut],
        Field(
            description=f"The first {MOST_LISTED} of the checked, fewer where they would not fit into a response: "
            "those that would fail, then those with warnings or disqualified periods, then the others, each in the "
            "order of the request."
        ),
    ]


def summary(runs: list[dict[str, Any]], arguments: dict[str, Any]) -> ChecksOut:
    """What is found for the runs, in the form of chalicelib.jobs.check_runs. Raises the Problem where nothing is."""
    sample = _spread(runs)
    checked = [
        _check_out(run, found)
        for run, found in zip(sample, _found(sample, arguments), strict=True)
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
        "checks": _listed(checked),
    }


def _spread(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All, or as many as are checked, spread evenly."""
    count = min(len(runs), MOST_CHECKED)
    return [runs[index * len(runs) // count] for index in range(count)]


def _found(runs: list[dict[str, Any]], arguments: dict[str, Any]) -> list[dict[str, Any] | None]:
    try:
        return checks.check(runs, arguments)
    except checks.TooLarge as refusal:
        detail = (
            f"The meter input takes {refusal.size / 1e6:.1f} MB, and a check takes at most 6 MB: post its series to "
            "trace_records/ and weather_records/, and check the trace."
        )
        raise Problem(TOO_LARGE, detail) from None
    except checks.Unavailable:
        detail = "No run could be checked: the function that checks has no room, took too long, or failed. Try again."
        raise Problem(UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER}) from None
    except ValueError:  # in a key that is ignored
        raise invalid(error("JSON has no NaN and no Infinity.", "meter_input")) from None


def _check_out(run: dict[str, Any], found: dict[str, Any]) -> CheckOut:
    return {
        "project": run.get("project"),
        "trace": run.get("trace"),
        "failure": found["failure"],
        "warnings": found["warnings"],
        "disqualification": found["disqualification"],
        "data_quality": found["data_quality"],
    }


def _listed(checked: list[CheckOut]) -> list[CheckOut]:
    """The first in the order of their weight, as many as a response holds."""
    listed, size = list[CheckOut](), 0
    for check in sorted(checked, key=_weight)[:MOST_LISTED]:
        size += lambda_bytes(check)
        if size > MOST_LIST_BYTES:
            break
        listed.append(check)
    return listed


def _weight(check: CheckOut) -> int:
    if check["failure"]:
        return 0
    return 1 if check["warnings"] or check["disqualification"] else 2


_OUTLIER = {
    "period": "reporting",
    "name": "datastore.data_quality.outliers",
    "description": "Readings far from all others like them.",
    "data": {"count": 1, "readings": ["2015-07-04, 412.5 (limit 127.1)"]},
    "detail": "readings far from all others like them: 2015-07-04, 412.5 (limit 127.1)"
    '; formatter_kwargs {"outliers": "exclude"} leaves them out (outliers)',
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
