"""The replacements in eemeter's hourly models, imported with these models, since the lean tree does not have them."""

from typing import Any

import eemeter.eemeter.common.features
from eemeter.eemeter.models.hourly import model as hours
from eemeter.eemeter.models.hourly_caltrack import model as segments
from eemeter.eemeter.models.hourly_caltrack.segmentation import SegmentedModel

from chalicelib.metering.acceleration import hourly_caltrack, hourly_days

REPLACEMENTS: tuple[tuple[Any, str, Any], ...] = tuple(
    (place, ours.__name__, ours)
    for ours, place in (
        (hourly_caltrack.fit_caltrack_hourly_model_segment, segments),
        (hourly_caltrack.compute_temperature_bin_features, segments),
        (hourly_caltrack.predict, SegmentedModel),
        (hourly_caltrack._estimate_hour_of_week_occupancy, eemeter.eemeter.common.features),
        (hourly_caltrack._fit_temperature_bins, eemeter.eemeter.common.features),
        (hourly_days._get_dst_indices, hours),
        (hourly_days._get_feature_matrices, hours.HourlyModel),
    )
)
