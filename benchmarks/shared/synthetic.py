"""Write simulated meter results directly to the tables, since fitting 50,000 models would take too long."""

import itertools
import random
from dataclasses import dataclass

from chalicelib import __version__
from chalicelib.store.results import newest
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.shared import bulk, documents
from chalicelib.store.tables.collections import Link, Project
from chalicelib.store.tables.results import Derivative, MeterResult, NewestRun
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

FIRST = 1_000_000  # above all ids that a stack allocates; each call of `write` uses the next ones
ELECTRICITY = "ELECTRICITY_CONSUMPTION_SUPPLIED"
T_OF_360 = 1.967  # the 97.5 % quantile of Student's t with 360 degrees of freedom

_ids = itertools.count(FIRST)


@dataclass(frozen=True)
class Portfolio:
    """Projects whose traces each have the derivatives of one meter run."""

    projects: list[int]
    traces: list[int]
    derivatives: list[Derivative]


def write(
    projects: int,
    traces_each: int,
    trace_interpretation: str = ELECTRICITY,
    unit: str = "KWH",
    uncertainty: str = "regression",
) -> Portfolio:
    """Store projects whose traces have annualized_weather_normal derivatives. Each trace has the same id as its run."""
    generator = random.Random(projects * traces_each)
    project_ids = list(itertools.islice(_ids, projects))
    traces = {project: list(itertools.islice(_ids, traces_each)) for project in project_ids}
    derivatives = [
        _derivative(project, trace, trace_interpretation, unit, uncertainty, generator)
        for project, members in traces.items()
        for trace in members
    ]
    bulk.put_all(Project, (Project(id, project_id=f"synthetic {id}") for id in project_ids))
    bulk.put_all(Link, (Link(project, trace) for project, members in traces.items() for trace in members))
    bulk.put_all(NewestRun, (newest.entry(one.trace, one.project, one.meter_result) for one in derivatives))
    bulk.put_all(MeterResult, map(result, derivatives))
    return Portfolio(project_ids, [trace for members in traces.values() for trace in members], derivatives)


def result(derivative: Derivative) -> MeterResult:
    """Return the result that has this derivative and no other."""
    return MeterResult(
        derivative.meter_result,
        trace=derivative.trace,
        project=derivative.project,
        meter_run=derivative.meter_result,
        meter_output=f"{documents.OUTPUTS}/synthetic.json",
        eemeter_version=derivative.eemeter_version,
        datastore_version=__version__,
        model_class="BillingModel",
        formatter_class="ModelDataFormatter",
        uncertainty=derivative.uncertainty,
        trace_interpretation=derivative.trace_interpretation,
        details=dict.fromkeys(MeterResult.DETAILS),
        derivatives=[[getattr(derivative, name) for name in Derivative.OWN]],
    )


def _derivative(
    project: int, trace: int, interpretation: str, unit: str, uncertainty: str, generator: random.Random
) -> Derivative:
    before = generator.lognormvariate(9, 1)
    after = before * generator.gauss(0.9, 0.05)
    half_widths = before * generator.uniform(0.02, 0.2), after * generator.uniform(0.02, 0.2)
    return Derivative(
        derivative_ids(trace)[0],
        meter_result=trace,
        trace=trace,
        project=project,
        trace_interpretation=interpretation,
        interpretation=DERIVATIVE_INTERPRETATIONS[0],
        unit=unit,
        baseline_value=before,
        baseline_lower=half_widths[0],
        baseline_upper=half_widths[0],
        baseline_n=365,
        reporting_value=after,
        reporting_lower=half_widths[1],
        reporting_upper=half_widths[1],
        reporting_n=365,
        uncertainty=uncertainty,
        systematic_error=0.001 * before,
        spread=[number for half_width in half_widths for number in (half_width / T_OF_360, 360, 0.3, 1.0)],
        eemeter_version="4.1.1",
    )
