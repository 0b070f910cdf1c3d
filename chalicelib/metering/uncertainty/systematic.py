"""What meters of one kind under one weather share, which no sum of them averages out."""

# Fractions of the baseline by model, reading frequency and unit, from `python -m benchmarks.validation.systematic`:
# 1.96 standard deviations of the mean errors of savings between climates, pairs of years and kinds of load. Electricity
# read every two months has what six bills add to that: five parameters follow their noise (docs/validation.md).
FRACTIONS = {
    ("DailyModel", "daily", "KWH"): 0.002,
    ("DailyModel", "daily", "THERM"): 0.002,
    ("CaltrackBillingModel", "billing_monthly", "KWH"): 0.002,
    ("CaltrackBillingModel", "billing_monthly", "THERM"): 0.002,
    ("CaltrackBillingModel", "billing_bimonthly", "KWH"): 0.008,
    ("CaltrackBillingModel", "billing_bimonthly", "THERM"): 0.002,
    ("BillingModel", "billing_monthly", "KWH"): 0.065,
    ("BillingModel", "billing_monthly", "THERM"): 0.051,
    ("BillingModel", "billing_bimonthly", "KWH"): 0.077,
    ("BillingModel", "billing_bimonthly", "THERM"): 0.054,
}


def systematic_error(model: str, frequency: str, unit: str, baseline: float | None) -> float | None:
    """A bound for it, in the unit of the baseline's value; None where it was not measured."""
    fraction = FRACTIONS.get((model, frequency, unit))
    return None if fraction is None or baseline is None else fraction * abs(baseline)
