"""One fit as a plain record, in which each number is exact, and what differs between two of them.

`python -m tests.proof.compare FITS.json` makes the records of fits that `dump` has written, accelerated, and compares
them with those of eemeter itself: for a process that has no more than the packages of the lean tree.
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

from chalicelib.metering import lean  # noqa: F401  # before eemeter: in the lean tree it could not be imported otherwise

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
_OF_PART = ("coef_id", "x", "bnds", "mean_loss", "TSS", "wSSE", "loss_alpha", "C", "T", "model", "weight", "resid")
_OF_PARTS = (*_OF_PART, "f_unc", "N", "nfev", "success", "message", "model_name")


class Case(NamedTuple):
    meter: Meter
    variant: str

    def __str__(self) -> str:
        return f"[{self.variant}] {self.meter.name}"


def record(case: Case, *, accelerate: bool) -> Record:
    """All that a fit and its predictions come to, or where and how they fail."""
    found: Record = {}
    nlopt.srand(1)  # some of its algorithms go by chance
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))  # eemeter prints its doubts
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
    # copies, because eemeter sets attributes of what it is given
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
            found["parts"][name] = {key: _exact(getattr(part, key)) for key in _OF_PARTS}
    found["warnings"] = _warnings(model)
    found["combinations"] = [*model.combinations, model.best_combination]
    found["final"] = {
        name: {key: _exact(getattr(part, key)) for key in _OF_PARTS} for name, part in model.model.items()
    }
    found["error"] = _exact({**model.error, "base": model.wRMSE_base})
    found["parameters"] = _exact(model.to_dict())
    found["predicted"] = _exact(model.predict(data, ignore_disqualification=True))
    other = data.df
    other["temperature"] = (other["temperature"] - 50) * 1.7 + 55  # beyond both ends of what was fitted to
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
    """In JSON's values: numbers by their bits, long arrays by a digest of them. NaN has many bits, and is one here."""
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
    """Where two records differ, and by what; nothing when they are the same."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in dict.fromkeys((*theirs, *ours)):
            yield from differences(theirs.get(key, "(none)"), ours.get(key, "(none)"), f"{where}/{key}")
    elif theirs != ours:
        yield f"{where}: eemeter {_shown(theirs)}, accelerated {_shown(ours)}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 200 else f"{text[:200]}..."


def compared(case: Case) -> list[str]:
    """Fit both ways; what differs."""
    return [*differences(record(case, accelerate=False), record(case, accelerate=True))]


def dump(cases: Iterable[Case], path: Path) -> None:
    """Write fits, each with the record of eemeter itself."""
    fits = [
        {"meter": case.meter.to_plain(), "variant": case.variant, "record": record(case, accelerate=False)}
        for case in cases
    ]
    path.write_text(json.dumps(fits))


def check(path: Path) -> dict[str, list[str]]:
    """What differs from the records of a file that `dump` has written, by the name of the fit."""
    fits = json.loads(path.read_text())
    cases = [Case(Meter.from_plain(fit["meter"]), fit["variant"]) for fit in fits]
    return {
        str(case): [*differences(fit["record"], json.loads(json.dumps(record(case, accelerate=True))))]
        for case, fit in zip(cases, fits, strict=True)
    }


if __name__ == "__main__":
    json.dump(check(Path(sys.argv[1])), sys.stdout)
