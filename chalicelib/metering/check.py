"""A dry run: what a meter run would find in its data, without fitting a model."""

import warnings
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure, NoHourlyModels, SufficiencyFailure
from chalicelib.metering.fitting import criteria, no_period, refusal, unfitted
from chalicelib.metering.period_data import PeriodData
from chalicelib.metering.plain import plain
from chalicelib.metering.prepare import Prepared, prepare
from chalicelib.metering.registry import Registry


def check_meter(meter_input: Mapping[str, Any], modules: Iterable[ModuleType] = ()) -> dict[str, Any]:
    """What `run_meter` would find in the data, in plain JSON values.

    data_quality: the report by period. warnings, disqualification: of each period (null: of both), as in the meter
    output. failure: the reason and message with which the run would fail before a model is fitted; null where it would
    go on, and how well the model fits decides. Of MeterFailure it raises NoHourlyModels only.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas' deprecations inside eemeter
        try:
            prepared = prepare(meter_input, Registry.of(modules))
        except NoHourlyModels:
            raise
        except MeterFailure as failure:
            return _found(failure.data_quality, [], [], failure)
        return _found(prepared.data_quality, *_criteria(prepared), _unfit(prepared))


def _found(
    data_quality: dict[str, Any] | None,
    warned: list[dict[str, Any]],
    disqualified: list[dict[str, Any]],
    failure: MeterFailure | None,
) -> dict[str, Any]:
    found: dict[str, Any] = plain(
        {
            "data_quality": data_quality,
            "warnings": warned,
            "disqualification": disqualified,
            "failure": None if failure is None else {"reason": failure.reason, "message": str(failure)},
        }
    )
    return found


def _criteria(prepared: Prepared) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The warnings and what disqualifies, each with its period."""
    warned, disqualified = _of(None, prepared.findings), []
    for period in (prepared.baseline, prepared.reporting):
        if isinstance(period, PeriodData):
            warned += _of(period.label, period.warnings)
            disqualified += _of(period.label, period.disqualification)
    if isinstance(prepared.reporting, MeterFailure):
        (no_data,) = no_period(str(prepared.reporting)).report["disqualification"]
        disqualified.append({"period": "reporting", **no_data})
    return warned, disqualified


def _of(period: str | None, found: list[EEMeterWarning]) -> list[dict[str, Any]]:
    return [{"period": period, **criterion} for criterion in criteria(found)]


def _unfit(prepared: Prepared) -> MeterFailure | None:
    """Why the baseline can have no model, as far as that is known before one is fitted."""
    baseline, choice = prepared.baseline, prepared.choice
    if isinstance(baseline, MeterFailure):
        return None if prepared.lacks_generation else baseline
    if isinstance(prepared.reporting, MeterFailure) and prepared.lacks_window:
        return prepared.reporting
    if baseline.disqualification and not choice.ignore_sufficiency:
        return SufficiencyFailure(refusal(unfitted(baseline), choice.formatter.criteria))
    return None
