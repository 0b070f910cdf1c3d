"""What meters of one kind under one weather have in common, and no sum of theirs averages out."""

# Of the baseline, by model and how often the meter is read: the mean error of savings of the kind of load that has the
# largest, over the climates and pairs of years of docs/validation.md.
_ELECTRICITY, _GAS = "KWH", "THERM"
FRACTIONS: dict[tuple[str, str, str], float] = {}


def systematic_error(model: str, frequency: str, unit: str, baseline: float | None) -> float | None:
    """A bound for it, in the unit of the baseline's value; None where it was not measured."""
    fraction = FRACTIONS.get((model, frequency, unit))
    return None if fraction is None or baseline is None else fraction * abs(baseline)
