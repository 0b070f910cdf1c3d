"""A dry run: reports what a meter run would find in its data, without fitting a model."""

import warnings
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure, NoHourlyModels, SufficiencyFailure
from chalicelib.metering.fitting.period import disqualification_message, empty_period, plain_criteria, unfitted
from chalicelib.metering.models.registry import Registry
from chalicelib.metering.plain import plain
from chalicelib.metering.preparation.period_data import PeriodData
from chalicelib.metering.preparation.prepare import Prepared, prepare


def check_meter(meter_input: Mapping[str, Any], modules: Iterable[ModuleType] = ()) -> dict[str, Any]:
    """Return what `run_meter` would find in the data, in plain JSON values.

    data_quality: the report by period. warnings, disqualification: as in the meter output, each with its period (null:
    both periods). failure: the reason and message with which the run would fail before fitting a model; null if it
    would get that far (it can still fail because of a poor fit).

    Raises NoHourlyModels, but no other MeterFailure.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas' deprecations inside eemeter
        try:
            prepared = prepare(meter_input, Registry.of(modules))
        except NoHourlyModels:
            raise
        except MeterFailure as failure:
            return _result(failure.data_quality, [], [], failure)
        return _result(prepared.data_quality, *_criteria(prepared), _early_failure(prepared))


def _result(
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
    """Return the warnings and the disqualifying criteria, each with its period."""
    warned, disqualified = _with_period(None, prepared.findings), []
    for period in (prepared.baseline, prepared.reporting):
        if isinstance(period, PeriodData):
            warned += _with_period(period.label, period.warnings)
            disqualified += _with_period(period.label, period.disqualification)
    if isinstance(prepared.reporting, MeterFailure):
        (no_data,) = empty_period(str(prepared.reporting)).report["disqualification"]
        disqualified.append({"period": "reporting", **no_data})
    return warned, disqualified


def _with_period(period: str | None, found: list[EEMeterWarning]) -> list[dict[str, Any]]:
    return [{"period": period, **criterion} for criterion in plain_criteria(found)]


def _early_failure(prepared: Prepared) -> MeterFailure | None:
    """Return why the run would fail, as far as that is known before fitting a model."""
    baseline, choice = prepared.baseline, prepared.choice
    if isinstance(baseline, MeterFailure):
        return None if prepared.has_no_prior_generation else baseline
    if isinstance(prepared.reporting, MeterFailure) and prepared.has_empty_window:
        return prepared.reporting
    if baseline.disqualification and not choice.ignore_sufficiency:
        return SufficiencyFailure(disqualification_message(unfitted(baseline), choice.formatter.criteria))
    return None
