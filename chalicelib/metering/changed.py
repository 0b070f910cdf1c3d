"""The settings of a run's model that its request changed."""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from chalicelib.metering.inputs.frequency import find_frequency
from chalicelib.metering.inputs.serialized import read
from chalicelib.metering.models.registry import Registry, choose


def changed_settings(meter_input: Mapping[str, Any], modules: Iterable[ModuleType] = ()) -> dict[str, Any]:
    """Return the settings in model_kwargs that are not the defaults, by path, such as "elasticnet.max_iter".

    meter_input, modules: as for `run_meter`, whose MeterFailure this raises if the choice of the model is invalid.
    """
    frequency = find_frequency(read(meter_input).trace.readings)
    return dict(_leaves(choose(meter_input, frequency, Registry.of(modules)).changed_kwargs))


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        elif name != "developer_mode":  # it only allows others to be changed
            yield f"{prefix}{name}", value
