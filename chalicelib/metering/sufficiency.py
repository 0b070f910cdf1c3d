"""eemeter's sufficiency criteria in the words of a program evaluator."""

from collections.abc import Mapping, Sequence
from typing import Any

_SENTENCES = {
    "no_data": "there is no day with both a reading and a temperature",
    "incorrect_number_of_total_days": "it spans {n_days_total} days, and 329 to 365 are needed",
    "too_many_days_with_missing_data": (
        "{n_valid_days} of its {n_days_total} days have both a reading and temperatures, and 90 % are needed"
    ),
    "too_many_days_with_missing_meter_data": (
        "{n_valid_meter_data_days} of its {n_days_total} days have a reading, and 90 % are needed"
    ),
    "too_many_days_with_missing_temperature_data": (
        "{n_valid_temperature_data_days} of its {n_days_total} days have temperatures, and 90 % are needed"
    ),
    "missing_monthly_temperature_data": "at least one calendar month lacks more than 10 % of its temperatures",
    "negative_meter_values": "{n_negative_meter_values} readings are negative, which gas consumption cannot be",
    "cvrmse": "the model's CVRMSE is {CVRMSE:.2f}, and at most 1 is accepted",
}
_OFF_CYCLE = "offcycle_reads_in_billing_monthly_data"


def explain(criterion: Mapping[str, Any]) -> str:
    """One clause with its numbers, and eemeter's name of the criterion; takes {"name", "description", "data"}."""
    short = criterion["name"].rpartition(".")[2]
    data = criterion["data"]
    if short == _OFF_CYCLE:
        # eemeter also names the end of a series, which is no bill
        clause = f"{len(data)} bills are shorter than 25 or longer than 35 (bimonthly: 70) days: {', '.join(data)}"
    elif short in _SENTENCES:
        clause = _SENTENCES[short].format(**data)
    else:
        clause = f"{criterion['description']} {data}" if data else criterion["description"]
    return f"{clause} ({short})"


def explain_all(criteria: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(explain(criterion) for criterion in criteria)
