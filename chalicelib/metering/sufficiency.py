"""Sufficiency criteria and warnings, eemeter's and our own, in the words of a program evaluator."""

import math
from collections.abc import Mapping
from typing import Any

_SHOWN = 3  # dates of a list
_SENTENCES = {
    "no_data": "there is no day with both a reading and a temperature",
    "incorrect_number_of_total_days": "it spans {n_days_total} days, and 329 to 365 are needed",
    "too_many_days_with_missing_data": (
        "{missing} of its {n_days_total} days lack a reading or temperatures, and at least 90 % (eemeter leaves the"
        " last day out) need both"
    ),
    "too_many_days_with_missing_meter_data": (
        "{missing} of its {n_days_total} days have no reading, and at least 90 % (eemeter leaves the last day out)"
        " need one"
    ),
    "too_many_days_with_missing_temperature_data": (
        "{missing} of its {n_days_total} days lack temperatures, and at least 90 % (eemeter leaves the last day out)"
        " need them"
    ),
    "missing_monthly_temperature_data": "at least one calendar month lacks more than 10 % of its temperatures",
    "negative_meter_values": (
        "days with a negative reading, which gas consumption cannot have: {n_negative_meter_values}"
    ),
    "cvrmse": "the model's CVRMSE is {CVRMSE}, and at most {threshold} is accepted",
    "extreme_values_detected": (
        "daily values to review as extreme: {n_extreme_values}, the highest of them {max_value}; the limit is"
        " {extreme_value_limit}, the median of {median} and three times the interquartile range"
    ),
    "utc_index": (
        "the project's days begin and end at midnight UTC: give the project a timezone, such as America/Chicago,"
        " unless its clocks show UTC"
    ),
    "unable_to_confirm_daily_temperature_sufficiency": (
        "eemeter cannot tell whether each day has temperatures for enough of its hours"
    ),
    # eemeter names all days here, not the days it means
    "missing_high_frequency_temperature_data": (
        "there are days with temperatures for at most half of their hours; they count as days without a temperature"
    ),
    "missing_high_frequency_meter_data": (
        "there are days of which at most half was read; they count as days without a reading: {dates}"
    ),
    "inferior_model_usage": "the readings are daily, and a model for bills adds them up by month",
    "offcycle_reads_in_billing_monthly_data": (
        # eemeter also names the end of a series, which is no bill
        "bills shorter than 25 or longer than 35 (bimonthly: 70) days: {count}, from {dates}"
    ),
    "too_few_days_in_bills": (
        "the bills that count cover {n_days} days, and {n_days_needed} (90 % of 365) are needed: {used}; bills that do"
        " not count: {unused}"
    ),
    "unused_bills": "bills that do not count: {bills}",
    "negative_bills": "bills below 0, which gas consumption cannot have: {bills}",
    "extreme_bills": (
        "bills to review as extreme: {bills}; the limit is {limit} a day, the median of {median} and three times the"
        " interquartile range"
    ),
    "no_degrees_of_freedom": (
        "the values of this model have no interval: {n} readings leave no degree of freedom beside the number of"
        " parameters, {parameters}"
    ),
    "interval_not_finite": "the values of this model have no interval: its numbers are too large to be squared",
    "no_interval": (
        "ASHRAE's interval is relative to the mean of the observed values; that is {mean_observed}, and at or below"
        " zero (or next to it) the interval is undefined, so the values of this model have none"
    ),
    "poor_fit_search": (
        "eemeter's search for the model has ended in a poor fit, with {ssr_ratio_before} times the squared residuals of"
        " a plain regression on degree days (RMSE {rmse_before}); {outcome}: the model in use has {ssr_ratio_after}"
        " times (RMSE {rmse_after})"
    ),
}


def explain(criterion: Mapping[str, Any]) -> str:
    """One clause with its numbers, and eemeter's name of the criterion; takes {"name", "description", "data"}."""
    short = criterion["name"].rpartition(".")[2]
    description, data = criterion["description"].rstrip("."), criterion["data"]
    try:
        clause = _SENTENCES[short].format(**_words(description, data))
    except LookupError:  # a criterion, or the form of one, that this version does not know
        clause = description
        if isinstance(data, Mapping) and data:
            clause += ": " + ", ".join(f"{key.replace('_', ' ')} {_number(value)}" for key, value in data.items())
        elif data:
            clause += f": {len(data)}, from {_dates(data)}"
    return f"{clause} ({short})"


def _words(description: str, data: Any) -> dict[str, str]:
    if not isinstance(data, Mapping):
        return {"count": str(len(data)), "dates": _dates(data)}
    words = {key: _listed(value) if isinstance(value, list) else _number(value) for key, value in data.items()}
    words["threshold"] = description.rpartition("> ")[2]
    valid = [value for key, value in data.items() if key.startswith("n_valid")]
    if valid and math.isfinite(data.get("n_days_total", math.nan)):  # NaN without one complete day
        words["missing"] = _number(data["n_days_total"] - 1 - valid[0])
    return words


def _dates(timestamps: Any) -> str:
    more = len(timestamps) - _SHOWN
    return ", ".join(str(at)[:10] for at in timestamps[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _listed(items: list[str]) -> str:
    return "; ".join(items) or "none"


def _number(value: Any) -> str:
    """Two decimals, or two digits of a number below 1, without trailing zeros."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    if not math.isfinite(number):
        return "none"
    text = f"{number:.2f}" if abs(number) >= 1 else f"{number:.2g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
