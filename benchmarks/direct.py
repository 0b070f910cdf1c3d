"""eemeter called directly: the two fits and predictions of a daily sample, and nothing else."""

import pandas as pd
from eemeter.eemeter import DailyBaselineData, DailyModel, DailyReportingData
from eemeter.eemeter.samples import load_sample


def fit_and_predict(name: str) -> float:
    """Fit a year before and a year after, and predict the normal year with both; the difference of the sums."""
    meter, temperature, about = load_sample(name)
    meter, temperature = meter.tz_convert("UTC"), temperature.tz_convert("UTC")
    electricity = about["interpretation"] == "electricity"
    before, after = (pd.Timestamp(about[f"blackout_{side}_date"]).tz_convert("UTC") for side in ("start", "end"))
    year = pd.Timedelta(days=365)
    totals = []
    for start, end in ((before - year, before), (after, after + year)):
        window = meter[start : end - pd.Timedelta(seconds=1)]
        data = DailyBaselineData.from_series(window, temperature, is_electricity_data=electricity)
        model = DailyModel().fit(data)
        weather = DailyReportingData.from_series(
            None, temperature[after : after + year], is_electricity_data=electricity
        )
        totals.append(float(model.predict(weather)["predicted"].sum()))
        model.predict(data)
    return totals[0] - totals[1]
