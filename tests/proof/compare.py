"""Record a fit in plain values with exact numbers, and compare two records.

`python -m tests.proof.compare FITS.json` repeats fits written by `dump`, accelerated, and compares them with the
records of eemeter itself. It runs in a process with only the packages of the lean tree.
"""

import contextlib
import hashlib
import io
import json
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.metering import lean  # noqa: F401  # before eemeter, which the lean tree could not import otherwise

# isort: split
import nlopt
import numpy as np
import pandas as pd
from eemeter.eemeter.models.billing.data import BillingBaselineData
from eemeter.eemeter.models.billing.model import BillingModel
from eemeter.eemeter.models.billing.weighted_model import BillingWeightedModel
from eemeter.eemeter.models.daily.data import DailyBaselineData
from eemeter.eemeter.models.daily.model import DailyModel

from chalicelib.metering.acceleration import accelerated
from tests.proof.meters import Meter
from tests.proof.variants import VARIANTS

Record = dict[str, Any]

_MODELS: dict[str, tuple[Any, Any]] = {
    "daily": (DailyModel, DailyBaselineData),
    "billing": (BillingModel, BillingBaselineData),
    "weighted": (BillingWeightedModel, BillingBaselineData),
}
_RESULT = ("coef_id", "x", "bnds", "mean_loss", "TSS", "wSSE", "loss_alpha", "C", "T", "model", "weight", "resid")
_ATTRIBUTES = (*_RESULT, "f_unc", "N", "nfev", "success", "message", "model_name")


class Case(NamedTuple):
    meter: Meter
    variant: str

    def __str__(self) -> str:
        return f"[{self.variant}] {self.meter.name}"


def record(case: Case, *, accelerate: bool) -> Record:
    """Return the results of a fit and its predictions, up to a failure if there is one."""
    found: Record = {}
    nlopt.srand(1)  # some of its algorithms are random
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))  # eemeter prints warnings
        if accelerate:
            stack.enter_context(accelerated())
        try:
            _fit(case, found)
        except Exception as error:
            found["failure"] = f"{type(error).__name__}: {error}"
    return found


def _fit(case: Case, found: Record) -> None:
    kind, arguments = VARIANTS[case.variant]
    model_class, data_class = _MODELS[kind]
    meter = case.meter
    # copies, because eemeter modifies its arguments
    data = data_class.from_series(
        meter.readings.copy(), meter.temperature.copy(), is_electricity_data=meter.electricity
    )
    found["data"] = _exact(data.df)
    found["data_warnings"] = _warnings(data)
    found["parts"] = {}
    model = model_class(**arguments)
    try:
        model.fit(data, ignore_disqualification=True)
    finally:
        for name, part in getattr(model, "fit_components", {}).items():
            found["parts"][name] = {key: _exact(getattr(part, key)) for key in _ATTRIBUTES}
    found["warnings"] = _warnings(model)
    found["combinations"] = [*model.combinations, model.best_combination]
    found["final"] = {
        name: {key: _exact(getattr(part, key)) for key in _ATTRIBUTES} for name, part in model.model.items()
    }
    found["error"] = _exact({**model.error, "base": model.wRMSE_base})
    found["parameters"] = _exact(model.to_dict())
    found["predicted"] = _exact(model.predict(data, ignore_disqualification=True))
    other = data.df
    other["temperature"] = (other["temperature"] - 50) * 1.7 + 55  # beyond both ends of the fitted range
    found["predicted_beyond"] = _exact(model._predict(other))
    if case.variant.startswith("billing"):
        found["predicted_monthly"] = _exact(model.predict(data, aggregation="monthly", ignore_disqualification=True))


def _warnings(of: Any) -> Any:
    lists = {"warnings": of.warnings, "disqualification": of.disqualification}
    return {
        name: [_exact([one.qualified_name, one.description, one.data]) for one in warned]
        for name, warned in lists.items()
    }


def _exact(value: Any) -> Any:
    """Convert a value to JSON: numbers by their bits, long arrays as a digest. All NaNs are equal."""
    if isinstance(value, pd.DataFrame):
        index = [str(at) for at in value.index]
        return {
            "index": _digest([*index, str(getattr(value.index, "freq", None))]),
            "dtypes": [str(dtype) for dtype in value.dtypes],
            **{str(column): _exact(value[column].to_numpy()) for column in value},
        }
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.size > 20:
        return _digest(_exact(value.tolist()))
    if isinstance(value, list | tuple | np.ndarray):
        return [_exact(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value.hex()
    return value if isinstance(value, bool | int | None) else str(value)


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:24]


def differences(theirs: Any, ours: Any, where: str = "") -> Iterator[str]:
    """Yield the differences between two records; nothing if they are identical."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in dict.fromkeys((*theirs, *ours)):
            yield from differences(theirs.get(key, "(none)"), ours.get(key, "(none)"), f"{where}/{key}")
    elif theirs != ours:
        yield f"{where}: eemeter {_shown(theirs)}, accelerated {_shown(ours)}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 200 else f"{text[:200]}..."


def compared(case: Case) -> list[str]:
    """Fit with eemeter and accelerated, and return the differences."""
    return [*differences(record(case, accelerate=False), record(case, accelerate=True))]


def dump(cases: Iterable[Case], path: Path) -> None:
    """Write fits to a file, each with the record of eemeter itself."""
    fits = [
        {"meter": case.meter.to_plain(), "variant": case.variant, "record": record(case, accelerate=False)}
        for case in cases
    ]
    path.write_text(json.dumps(fits))


def check(path: Path) -> dict[str, list[str]]:
    """Return the differences from the records in a file written by `dump`, by the name of the fit."""
    fits = json.loads(path.read_text())
    cases = [Case(Meter.from_plain(fit["meter"]), fit["variant"]) for fit in fits]
    return {
        str(case): [*differences(fit["record"], json.loads(json.dumps(record(case, accelerate=True))))]
        for case, fit in zip(cases, fits, strict=True)
    }


if __name__ == "__main__":
    json.dump(check(Path(sys.argv[1])), sys.stdout)
