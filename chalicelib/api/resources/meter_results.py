"""meter_results/"""

from typing import Annotated, Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import Example, Resource
from chalicelib.api.http.fields import OUTPUT, Id, Ids, Timestamp, Url
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.data_quality import EXAMPLE as QUALITY
from chalicelib.api.shared.data_quality import DataQuality
from chalicelib.api.shared.reporting_windows import ReportingWindow
from chalicelib.api.shared.result_filters import ResultQuery
from chalicelib.store.results import meter_results
from chalicelib.store.shared import documents
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.results import MeterResult
from chalicelib.vocabulary import UncertaintyMethod

resource = Resource("meter_results", "meter result", "The results of successful meter runs.")


class Criterion(TypedDict):
    """A warning or sufficiency criterion of eemeter or the datastore, and what was found."""

    name: Annotated[str, Field(description="Its name, such as `eemeter.sufficiency_criteria.no_data`.")]
    description: Annotated[str, Field(description="What it means.")]
    data: Annotated[Any, Field(description="The values that it is based on.")]
    detail: Annotated[str, Field(description="What was found, in a sentence with the numbers.")]


class FittedModel(TypedDict):
    """The model of one period, and how well it fits."""

    status: Annotated[str, Field(description="SUCCESS, or DISQUALIFIED by sufficiency criteria.")]
    n: Annotated[float | None, Field(description="How many readings (hours, days or bills) it was fitted to.")]
    r2: float | None
    cvrmse: Annotated[float | None, Field(description="The coefficient of variation of the RMSE.")]
    rmse: float | None
    nmbe: Annotated[float | None, Field(description="The normalized mean bias error.")]
    start: Timestamp | None
    end: Timestamp | None
    warnings: list[Criterion]
    disqualification: list[Criterion]
    data_quality: Annotated[
        DataQuality | None,
        Field(
            description="The quality of its data; null if it has no readings, or the result is older than this field."
        ),
    ]


class FittedModels(TypedDict):
    """The models of both periods."""

    baseline: FittedModel
    reporting: FittedModel


@with_config(OUTPUT)
class MeterResultOut(TypedDict):
    """A meter result; the arguments are those that were used, including defaults."""

    id: Id
    trace: Id | None
    project: Id | None
    meter_run: Id
    meter_output: Annotated[
        Url, Field(description="A presigned URL (GET it without a token) of everything that the run found.")
    ]
    status: str
    eemeter_version: str
    datastore_version: str
    model_class: str
    model_kwargs: Annotated[
        dict[str, Any],
        Field(
            description="eemeter's settings of the model. Its `uncertainty_alpha` only affects eemeter's own daily "
            "intervals, not the 95% half-widths of derivatives."
        ),
    ]
    formatter_class: str
    formatter_kwargs: dict[str, Any]
    weather_station: str | None
    weather_normal_station: str | None
    models: FittedModels
    uncertainty: Annotated[
        UncertaintyMethod, Field(description="The method that was used for the derivatives' 95% intervals.")
    ]
    reporting_window: Annotated[
        ReportingWindow,
        Field(
            description="The reporting window that was used; `models.reporting` has the start and end of its readings."
        ),
    ]
    added: Timestamp
    updated: Timestamp


class MeterResultQuery(ResultQuery):
    """Filters for meter results."""

    meter_run: Ids = Field(default=[], description="Ids of meter runs; several are separated by commas.")


def result_out(result: MeterResult) -> MeterResultOut:
    """A meter result as shown in responses."""
    return {
        "id": result.id,
        "trace": result.trace,
        "project": result.project,
        "meter_run": result.meter_run,
        "meter_output": documents.url(result.meter_output),
        "status": result.status,
        "eemeter_version": result.eemeter_version,
        "datastore_version": result.datastore_version,
        "model_class": result.model_class,
        "model_kwargs": result.model_kwargs,
        "formatter_class": result.formatter_class,
        "formatter_kwargs": result.formatter_kwargs,
        "weather_station": result.weather_station,
        "weather_normal_station": result.weather_normal_station,
        "models": _with_quality(result.models),
        "uncertainty": result.uncertainty,  # type: ignore[typeddict-item]
        "reporting_window": result.reporting_window,
        "added": timestamp(result.added),
        "updated": timestamp(result.updated),
    }


def _with_quality(models: dict[str, Any]) -> FittedModels:
    baseline, reporting = (
        {**models[label], "data_quality": models[label].get("data_quality")} for label in ("baseline", "reporting")
    )
    return {"baseline": baseline, "reporting": reporting}  # type: ignore[typeddict-item]


_FIT = {
    "status": "SUCCESS",
    "n": 365,
    "r2": 0.91,
    "cvrmse": 0.12,
    "rmse": 3.4,
    "nmbe": 0.0001,
    "start": "2015-01-01T00:00:00.000000Z",
    "end": "2016-01-01T00:00:00.000000Z",
    "warnings": [],
    "disqualification": [],
    "data_quality": QUALITY,
}
EXAMPLE = {
    "id": 1,
    "trace": 2,
    "project": 1,
    "meter_run": 1,
    "meter_output": "https://example.s3.amazonaws.com/meter_outputs/3cdfc090-ec80-4cc1-8faf-4ee8705393ab.json?X-Amz-Signature=0123",
    "status": "SUCCESS",
    "eemeter_version": "4.1.1",
    "datastore_version": "0.1.0",
    "model_class": "DailyModel",
    "model_kwargs": {},
    "formatter_class": "daily",
    "formatter_kwargs": {},
    "weather_station": "724390",
    "weather_normal_station": "724390",
    "models": {"baseline": _FIT, "reporting": _FIT},
    "uncertainty": "regression",
    "reporting_window": "first_year",
    "added": "2016-09-28T23:57:25.114235Z",
    "updated": "2016-09-28T23:57:25.114235Z",
}


collection = CollectionEndpoints[MeterResult](resource, MeterResultOut, result_out)


@collection.list(MeterResultQuery, examples={"one result": Example(response=[EXAMPLE])})
def list_meter_results(query: MeterResultQuery) -> Page[MeterResult]:
    """List meter results."""
    return meter_results.page(meter_run=query.meter_run, **query.filters())


@collection.get(examples={"a result": Example(response=EXAMPLE)})
def get_meter_result(id: int) -> MeterResult | None:
    """Get a meter result."""
    return meter_results.get(id)
