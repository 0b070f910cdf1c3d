"""The systematic error that similar meters in the same weather share, and that does not average out in their sum."""

# Fractions of the baseline by model, reading frequency and unit, from `python -m benchmarks.validation.systematic`:
# 1.96 standard deviations of the mean savings error across climates, pairs of years and kinds of load. That of
# CaltrackBillingModel for bimonthly electricity is an estimate for the error of fitting five parameters to six bills.
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
    """Return a 95 % bound for the systematic error, in the unit of the baseline's value; None if not measured."""
    fraction = FRACTIONS.get((model, frequency, unit))
    return None if fraction is None or baseline is None else fraction * abs(baseline)
