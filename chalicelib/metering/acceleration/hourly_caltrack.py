"""eemeter.eemeter.models.hourly_caltrack: the same regressions on the same matrices, without formulas.

For every segment and prediction, eemeter makes patsy parse a formula and build a column for each hour of the week. It
also makes statsmodels check twice for a constant, with a matrix decomposition each time, for statistics that are not
used. Here the matrices are filled directly. They are decomposed and multiplied by the same calls, complete and in
eemeter's memory layout, because the row sums of BLAS depend on both.
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
    known = segment_data.dropna()  # in eemeter's tables, every row is either complete or empty
    in_segment = known["weight"].to_numpy() == 1
    if not in_segment.any():
        return _their_segment(segment_name, segment_data)
    hours = known["hour_of_week"].to_numpy(dtype=np.int64)
    bins = [str(column) for column in known.columns if str(column).startswith("bin")]
    categories = known["hour_of_week"].cat.categories.to_numpy(dtype=np.int64)  # including those with only empty rows
    matrix = _hour_columns(hours, categories, len(bins))
    matrix[len(categories) :] = known[bins].to_numpy().T
    matrix = np.ascontiguousarray(matrix.T)
    observed = known["meter_value"]
    params = _least_squares(matrix, observed.to_numpy(), known["weight"].to_numpy())
    names = [*map(_hour_name, categories.tolist()), *bins]
    segment = CalTRACKSegmentModel(
        segment_name=segment_name,
        model=None,  # as in a segment read from JSON
        formula="meter_value ~ C(hour_of_week) - 1" + "".join(f" + {name}" for name in bins),
        model_params=dict(zip(names, params.tolist(), strict=True)),
    )
    predicted = pd.Series(np.dot(matrix[in_segment], params), index=known.index[in_segment])
    segment.totals_metrics = ModelMetrics(observed[in_segment], predicted, len(params))
    return segment


def predict(self: Any, prediction_index: pd.DatetimeIndex, temperature: pd.Series, **kwargs: Any) -> Any:
    """`SegmentedModel.predict`: predict each month of the year with the model of its segment."""
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
    """The hours to predict: temperatures, hours of the week, and which hours of the week occur."""

    def __init__(self, temperatures: Floats, hours: Integers, present: Integers) -> None:
        self.temperatures, self.hours, self.present = temperatures, hours, present
        self._names: list[str] | None = None
        self._matrix: Floats

    def predict(self, model: Any, segment: Any) -> Floats:
        """`CalTRACKSegmentModel.predict`: the energy of every row, whatever its month; NaN for hours not fitted."""
        params: dict[str, float] = segment.model_params
        of_name = {_hour_name(hour): hour for hour in self.present.tolist()}
        hour_names = [name for name in params if name in of_name]
        fitted = np.isin(self.hours, [of_name[name] for name in hour_names])
        bins = self._bins(model, segment.segment_name)
        bin_names = [name for name in params if name in bins]
        matrix = self._with_hours(hour_names, [of_name[name] for name in hour_names])
        for row, name in enumerate(bin_names, start=len(hour_names)):
            matrix[row] = bins[name]
        wanted = matrix[: len(hour_names) + len(bin_names)].T
        if not fitted.all():  # pandas' copy has Fortran order if it has all rows, and C order if it has some
            wanted = np.ascontiguousarray(wanted[fitted])
        energy = np.full(len(fitted), np.nan)
        energy[fitted] = np.dot(wanted, np.array([params[name] for name in (*hour_names, *bin_names)]))
        return energy

    def _with_hours(self, names: list[str], hours: list[int]) -> Floats:
        """Return a matrix with the columns of these hours, which most segments share, and space for bins."""
        if names != self._names:
            self._names, self._matrix = names, _hour_columns(self.hours, np.array(hours, dtype=np.int64), 14)
        return self._matrix

    def _bins(self, model: Any, name: str) -> dict[str, Floats]:
        """`caltrack_hourly_prediction_feature_processor`: the part of the temperature in each bin, by occupancy."""
        occupied = model.occupancy_lookup[name].to_numpy(dtype=bool)[self.hours]
        found = {}
        for kind, lookup, mask in (
            ("occupied", model.occupied_temperature_bins, occupied),
            ("unoccupied", model.unoccupied_temperature_bins, ~occupied),
        ):
            endpoints = lookup.index[lookup[name]].tolist()
            for number, part in enumerate(_parts(self.temperatures, endpoints)):
                found[f"bin_{number}_{kind}"] = np.where(mask, part, 0.0)
        return found


def compute_temperature_bin_features(temperatures: pd.Series, bin_endpoints: list[float]) -> pd.DataFrame:
    """`compute_temperature_bin_features`: one part for each bin; the parts sum to the temperature."""
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
    """`_estimate_hour_of_week_occupancy`: whether an hour of the week mostly exceeds a temperature regression."""
    known = model_data.dropna()
    if known.empty:
        return _their_occupancy(model_data, threshold)  # type: ignore[no-any-return]
    matrix = np.column_stack((np.ones(len(known)), known["cdd_65"], known["hdd_50"]))
    observed = known["meter_value"].to_numpy()
    residuals = observed - np.dot(matrix, _least_squares(matrix, observed, known["weight"].to_numpy()))
    hours = known["hour_of_week"].to_numpy(dtype=np.int64)
    above = np.bincount(hours[residuals > 0], minlength=_HOURS_OF_WEEK)
    count = np.bincount(hours, minlength=_HOURS_OF_WEEK)
    # eemeter treats an hour without readings as occupied
    occupied = (count == 0) | (above / np.maximum(count, 1) > threshold)
    return pd.Series(occupied, index=pd.CategoricalIndex(range(_HOURS_OF_WEEK)), name="occupancy")


def _fit_temperature_bins(
    temperature_data: pd.Series, default_bins: list[float], min_temperature_count: int
) -> list[float]:
    """`_fit_temperature_bins`: the endpoints of bins with enough temperatures in each."""
    ordered, bins = np.sort(temperature_data.dropna().to_numpy()), sorted(default_bins)
    while bins:
        counts = np.diff(np.searchsorted(ordered, bins, side="right"), prepend=0, append=len(ordered))
        few = counts < min_temperature_count
        removed = {end for end, is_few in ((bins[0], few[0]), (bins[-1], few[-1])) if is_few}
        removed = removed or {end for end, is_few in zip(bins[1:], few[1:-1], strict=True) if is_few}
        if not removed:
            break
        bins = [end for end in bins if end not in removed]
    return bins


def _hour_name(hour: int) -> str:
    return f"C(hour_of_week)[{hour}]"


def _hour_columns(hours: Integers, categories: Integers, room: int) -> Floats:
    """Return indicator columns of the categories among the hours, one per row, followed by rows of zeros."""
    columns = np.zeros((len(categories) + room, len(hours)))
    position = np.full(_HOURS_OF_WEEK, -1)
    position[categories] = np.arange(len(categories))
    known = np.flatnonzero(position[hours] >= 0)
    columns[position[hours[known]], known] = 1.0
    return columns


def _least_squares(matrix: Floats, observed: Floats, weights: Floats) -> Floats:
    """statsmodels' `WLS(...).fit().params`."""
    roots = np.sqrt(weights)
    pseudoinverse, _ = pinv_extended(roots[:, np.newaxis] * matrix)
    params: Floats = np.dot(pseudoinverse, roots * observed)
    return params
