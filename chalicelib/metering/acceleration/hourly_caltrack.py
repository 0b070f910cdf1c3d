"""eemeter.eemeter.models.hourly_caltrack: its regressions without formulas, of the same matrices.

eemeter has patsy read a formula and build a column for each hour of the week, for every segment and every prediction,
and statsmodels look twice for a constant, by a decomposition each, which only changes statistics that nobody asks for.
Here the matrices are filled in directly. Each is decomposed and multiplied by the same calls, whole and in the layout
that eemeter's has in memory: the sums that BLAS makes of a row depend on both.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.common.features import _estimate_hour_of_week_occupancy as _their_occupancy
from eemeter.eemeter.models.hourly_caltrack.metrics import ModelMetrics
from eemeter.eemeter.models.hourly_caltrack.model import fit_caltrack_hourly_model_segment as _their_segment
from eemeter.eemeter.models.hourly_caltrack.segmentation import (
    CalTRACKSegmentModel,
    HourlyModelPrediction,
    SegmentedModel,
)
from statsmodels.tools.tools import pinv_extended

from chalicelib.metering.acceleration.libm import Floats

_HOURS_OF_WEEK = 168
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_their_predict = SegmentedModel.predict

Integers = npt.NDArray[np.int64]


def fit_caltrack_hourly_model_segment(segment_name: str, segment_data: pd.DataFrame) -> Any:
    """`fit_caltrack_hourly_model_segment`: a regression on the hours of the week and the bins of the temperature."""
    known = segment_data.dropna()  # eemeter has made every row either whole or empty
    its_own = known["weight"].to_numpy() == 1
    if not its_own.any():
        return _their_segment(segment_name, segment_data)
    hours = known["hour_of_week"].to_numpy(dtype=np.int64)
    bins = [str(column) for column in known.columns if str(column).startswith("bin")]
    categories = known["hour_of_week"].cat.categories.to_numpy(dtype=np.int64)  # also those of empty rows only
    matrix = _hour_columns(hours, categories, len(bins))
    matrix[len(categories) :] = known[bins].to_numpy().T
    matrix = np.ascontiguousarray(matrix.T)
    observed = known["meter_value"]
    params = _least_squares(matrix, observed.to_numpy(), known["weight"].to_numpy())
    names = [*map(_hour_name, categories.tolist()), *bins]
    segment = CalTRACKSegmentModel(
        segment_name=segment_name,
        model=None,  # as in one that was read from JSON
        formula="meter_value ~ C(hour_of_week) - 1" + "".join(f" + {name}" for name in bins),
        model_params=dict(zip(names, params.tolist(), strict=True)),
    )
    predicted = pd.Series(np.dot(matrix[its_own], params), index=known.index[its_own])
    segment.totals_metrics = ModelMetrics(observed[its_own], predicted, len(params))
    return segment


def predict(self: Any, prediction_index: pd.DatetimeIndex, temperature: pd.Series, **kwargs: Any) -> Any:
    """`SegmentedModel.predict`: each month of the year by the model of its own segment."""
    index = pd.DatetimeIndex(temperature.index)
    months = np.asarray(index.month)
    segments = {month: self.model_lookup.get(_MONTHS[month - 1]) for month in np.unique(months)}
    if not (
        self.prediction_segment_type == "one_month"
        and index.freq == "h"
        and index.equals(prediction_index)
        and all(segment is None or segment.model_params for segment in segments.values())
    ):
        return _their_predict(self, prediction_index, temperature, **kwargs)
    known = temperature.notna().to_numpy()
    hours = np.asarray(index.dayofweek * 24 + index.hour, dtype=np.int64)
    rows = _Rows(temperature.to_numpy(dtype=float)[known], hours[known], np.unique(hours))
    predicted = np.full(len(index), np.nan)
    for month, segment in segments.items():
        if segment is not None:
            in_month = known & (months == month)
            predicted[in_month] = rows.predict(self, segment)[in_month[known]]
    return HourlyModelPrediction(result=pd.DataFrame({"predicted_usage": predicted}, index=index))


class _Rows:
    """The hours to be predicted: temperatures, hours of the week, and which hours of the week there are at all."""

    def __init__(self, temperatures: Floats, hours: Integers, present: Integers) -> None:
        self.temperatures, self.hours, self.present = temperatures, hours, present
        self._names: list[str] | None = None
        self._matrix: Floats

    def predict(self, model: Any, segment: Any) -> Floats:
        """`CalTRACKSegmentModel.predict`: the energy of every row, whatever its month; NaN for hours it has not met."""
        params: dict[str, float] = segment.model_params
        of_name = {_hour_name(hour): hour for hour in self.present.tolist()}
        hour_names = [name for name in params if name in of_name]
        met = np.isin(self.hours, [of_name[name] for name in hour_names])
        bins = self._bins(model, segment.segment_name)
        bin_names = [name for name in params if name in bins]
        matrix = self._with_hours(hour_names, [of_name[name] for name in hour_names])
        for row, name in enumerate(bin_names, start=len(hour_names)):
            matrix[row] = bins[name]
        wanted = matrix[: len(hour_names) + len(bin_names)].T
        if not met.all():  # pandas keeps columns together in a copy of all rows, and rows in one of some
            wanted = np.ascontiguousarray(wanted[met])
        energy = np.full(len(met), np.nan)
        energy[met] = np.dot(wanted, np.array([params[name] for name in (*hour_names, *bin_names)]))
        return energy

    def _with_hours(self, names: list[str], hours: list[int]) -> Floats:
        """A matrix with the columns of these hours, which most segments share, and room for bins."""
        if names != self._names:
            self._names, self._matrix = names, _hour_columns(self.hours, np.array(hours, dtype=np.int64), 14)
        return self._matrix

    def _bins(self, model: Any, name: str) -> dict[str, Floats]:
        """`caltrack_hourly_prediction_feature_processor`: the temperature's part in each bin, by occupancy."""
        occupied = model.occupancy_lookup[name].to_numpy(dtype=bool)[self.hours]
        found = {}
        for kind, lookup, its in (
            ("occupied", model.occupied_temperature_bins, occupied),
            ("unoccupied", model.unoccupied_temperature_bins, ~occupied),
        ):
            endpoints = lookup.index[lookup[name]].tolist()
            for number, part in enumerate(_parts(self.temperatures, endpoints)):
                found[f"bin_{number}_{kind}"] = np.where(its, part, 0.0)
        return found


def compute_temperature_bin_features(temperatures: pd.Series, bin_endpoints: list[float]) -> pd.DataFrame:
    """`compute_temperature_bin_features`: parts that add up to the temperature, one for each bin."""
    values = temperatures.to_numpy(dtype=float)
    parts = [np.where(np.isnan(values), np.nan, part) for part in _parts(values, bin_endpoints)]
    return pd.DataFrame({f"bin_{number}": part for number, part in enumerate(parts)}, index=temperatures.index)


def _parts(values: Floats, endpoints: list[float]) -> list[Floats]:
    lefts, rights = [-np.inf, *endpoints], [*endpoints, np.inf]
    parts = [np.where(values <= rights[0], values, rights[0])]
    for left, right in zip(lefts[1:], rights[1:], strict=True):
        parts.append(np.where(values <= left, 0.0, np.where(values > right, right - left, values - left)))
    return parts


def _estimate_hour_of_week_occupancy(model_data: pd.DataFrame, threshold: float) -> pd.Series:
    """`_estimate_hour_of_week_occupancy`: whether an hour of the week is mostly above a line of the temperature."""
    known = model_data.dropna()
    if known.empty:
        return _their_occupancy(model_data, threshold)  # type: ignore[no-any-return]
    matrix = np.column_stack((np.ones(len(known)), known["cdd_65"], known["hdd_50"]))
    observed = known["meter_value"].to_numpy()
    residuals = observed - np.dot(matrix, _least_squares(matrix, observed, known["weight"].to_numpy()))
    hours = known["hour_of_week"].to_numpy(dtype=np.int64)
    above = np.bincount(hours[residuals > 0], minlength=_HOURS_OF_WEEK)
    count = np.bincount(hours, minlength=_HOURS_OF_WEEK)
    # eemeter takes an hour without readings for one that is occupied
    occupied = (count == 0) | (above / np.maximum(count, 1) > threshold)
    return pd.Series(occupied, index=pd.CategoricalIndex(range(_HOURS_OF_WEEK)), name="occupancy")


def _fit_temperature_bins(
    temperature_data: pd.Series, default_bins: list[float], min_temperature_count: int
) -> list[float]:
    """`_fit_temperature_bins`: the endpoints of bins that all have enough temperatures."""
    ordered, bins = np.sort(temperature_data.dropna().to_numpy()), sorted(default_bins)
    while bins:
        counts = np.diff(np.searchsorted(ordered, bins, side="right"), prepend=0, append=len(ordered))
        few = counts < min_temperature_count
        removed = {end for end, its in ((bins[0], few[0]), (bins[-1], few[-1])) if its}
        removed = removed or {end for end, its in zip(bins[1:], few[1:-1], strict=True) if its}
        if not removed:
            break
        bins = [end for end in bins if end not in removed]
    return bins


def _hour_name(hour: int) -> str:
    return f"C(hour_of_week)[{hour}]"


def _hour_columns(hours: Integers, categories: Integers, room: int) -> Floats:
    """Columns, each a row here, that tell where each category is among hours; then rows of zeros."""
    columns = np.zeros((len(categories) + room, len(hours)))
    position = np.full(_HOURS_OF_WEEK, -1)
    position[categories] = np.arange(len(categories))
    met = np.flatnonzero(position[hours] >= 0)
    columns[position[hours[met]], met] = 1.0
    return columns


def _least_squares(matrix: Floats, observed: Floats, weights: Floats) -> Floats:
    """statsmodels' `WLS(...).fit().params`."""
    roots = np.sqrt(weights)
    pseudoinverse, _ = pinv_extended(roots[:, np.newaxis] * matrix)
    params: Floats = np.dot(pseudoinverse, roots * observed)
    return params
