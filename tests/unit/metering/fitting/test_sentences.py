from typing import Any

import numpy as np
import pytest

from chalicelib.metering.fitting.sentences import explain

DATES = [f"2016-0{month}-21T00:00:00-06:00" for month in range(1, 8)]


@pytest.mark.parametrize(
    ("name", "description", "data", "detail"),
    [
        (
            "eemeter.model_fit_metrics.cvrmse",
            "Fit model has CVRMSE > 0.5",
            {"CVRMSE": 1.2345},
            "1.23, which is above the maximum of 0.5 (cvrmse",
        ),
        (
            "eemeter.sufficiency_criteria.extreme_values_detected",
            "Extreme values (greater than (median + (3 * IQR)), must be flagged for manual review.",
            {
                "n_extreme_values": 29,
                "median": np.float64(23.14774193548387),
                "extreme_value_limit": np.float64(1247.1),
                "max_value": 1348.0,
            },
            "29, the highest is 1348; the limit is 1247.1, three interquartile ranges above the median of 23.15",
        ),
        (
            "eemeter.sufficiency_criteria.offcycle_reads_in_billing_monthly_data",
            "Off-cycle reads found",
            DATES,
            "days): 7, starting on 2016-01-21, 2016-02-21, 2016-03-21 and 4 more (offcycle_",
        ),
        (
            "eemeter.sufficiency_criteria.too_many_days_with_missing_meter_data",
            "Too many days in data have missing meter data.",
            {"n_valid_meter_data_days": 0, "n_days_total": float("nan")},
            "Too many days in data have missing meter data: n valid meter data days 0, n days total none (too_many_",
        ),
        (
            "datastore.data_quality.outliers",
            "Readings are outliers.",
            {"count": 21, "readings": [f"2016-01-{day:02}" for day in range(1, 21)]},
            "outliers (21), far from comparable readings: 2016-01-01; ",
        ),
        (
            "datastore.data_quality.outliers",
            "Readings are outliers.",
            {"count": 21, "readings": [f"2016-01-{day:02}" for day in range(1, 21)]},
            '; 2016-01-20 (first 20); set formatter_kwargs {"outliers": "exclude"} to exclude them (outliers)',
        ),
        (
            "datastore.data_quality.normal_year_filled",
            "Short gaps were interpolated.",
            {"station": None, "hours": 24, "dates": ["12-31"]},
            "the normal year of the input's weather lacks 24 hours (12-31);",
        ),
        (
            "datastore.data_quality.normal_year_filled",
            "Short gaps were interpolated.",
            {"station": "724390", "hours": 24, "dates": ["12-31"]},
            "the normal year of station 724390 lacks 24 hours (12-31);",
        ),
        ("eemeter.new.criterion", "Something new.", {}, "Something new (criterion)"),
        ("eemeter.new.criterion", "Something new.", {"lowest": np.float64(0.01234)}, "new: lowest 0.012 (criterion)"),
        ("eemeter.new.criterion", "Something new.", DATES[:2], "new: 2, from 2016-01-21, 2016-02-21 (criterion)"),
    ],
)
def test_details_are_sentences_with_plain_numbers(name: str, description: str, data: Any, detail: str) -> None:
    assert detail in explain({"name": name, "description": description, "data": data})
