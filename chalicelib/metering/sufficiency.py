"""Sufficiency criteria and warnings, eemeter's and our own, in the words of a program evaluator."""

import math
from collections.abc import Mapping
from typing import Any

_SHOWN = 3  # dates of a list
ACCOUNT = (
    "{rows_used} of its {rows_total} {step} have both a reading and a temperature, and {rows_needed} are needed:"
    " {causes}"
)
SENTENCES = {
    "no_data": ACCOUNT,
    "incorrect_number_of_total_days": ACCOUNT,
    "too_many_days_with_missing_data": ACCOUNT,
    "too_many_days_with_missing_meter_data": ACCOUNT,
    "too_many_days_with_missing_temperature_data": ACCOUNT,
    "missing_monthly_temperature_data": "months that lack more than 10 % of their temperatures: {months}",
    "missing_monthly_meter_data": "months that lack more than 10 % of their readings: {months}",
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
        "there are days with temperatures for less than half of their hours; they count as days without a temperature"
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
        "the bills that count cover {n_days} days, and {n_days_needed} (90 % of 365) are needed; bills that do not"
        " count: {unused}; bills that count: {used}"
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
    "duplicate_readings": (
        "instants for which one request gave several values, the last of which counts (duplicates): {count}, {dates}"
    ),
    "register_exchanged": (
        "the register falls or jumps as by an exchange of the meter, and what was used then is missing: {count},"
        " {dates}. Post null for a read that is wrong"
    ),
    "zeros_missing": (
        "{count} of {readings} readings are 0, and electricity of 0 counts as missing (CalTRACK 2.2.1.4) unless the"
        ' trace has "zero_is_reading": true, as a submeter may'
    ),
    "missing_readings": "{missing} of {readings} {step} have no reading: {days}",
    "negative_readings": (
        "readings below 0, which consumption cannot have: {readings}. One that corrects an estimate is settled with it"
        ' where that record has "estimated": true and both cover at most 70 days'
    ),
    "outliers": (
        'readings far from all others like them: {readings}; formatter_kwargs {{"outliers": "exclude"}} leaves them out'
    ),
    "outliers_excluded": "readings far from all others like them were left out: {readings}",
    "temperatures_missing": (
        "{missing} of {hours} hours had no temperature, and {filled} of them were filled from their neighbours; days"
        " without a temperature: {days}"
    ),
    "days_without_temperature": "days with temperatures for less than half of their hours do not count: {days}",
    "impossible_temperatures": (
        "{count} {dataset} temperatures of station {station} are impossible anywhere on Earth, or more than 60 F from"
        " the median of the day around them; they count as missing"
    ),
    "long_bills": (
        "bills of at least {times} times the usual {days} days: {bills}. Each is taken as the energy of all its days;"
        " if a bill in it is missing, post that with value null"
    ),
    "long_readings": (
        "readings that cover several intervals, whose energy belongs to no single one, count as missing: {count}, from"
        " {dates}. Post bills as a trace of their own"
    ),
    "inclusive_ends": (
        "{count} of {bills} bills end a day before the next one starts: if the end dates are the last days of the"
        " bills, post the days after them"
    ),
    "weather_stuck": (
        "temperatures of station {station} stay the same for {hours} hours and more, as of a broken sensor: {days}"
    ),
    "normal_year_filled": (
        "the normal year of station {station} lacks {hours} hours ({dates}); they were filled from the days around them"
    ),
    "weather_mismatch": (
        "observed temperatures (station {observed_station}, mean {observed_mean} F, spread {observed_spread} F) and"
        " normal temperatures (station {normal_station}, mean {normal_mean} F, spread {normal_spread} F) of the same"
        " days of the year cannot belong to one place: check the stations, and the units in which they were posted"
    ),
    "weather_in_celsius": (
        "no observed temperature of station {observed_station} is above {hottest} F, in most of a year: check whether"
        " its unit is C"
    ),
}


def explain(criterion: Mapping[str, Any]) -> str:
    """One clause with its numbers, and eemeter's name of the criterion; takes {"name", "description", "data"}."""
    short = criterion["name"].rpartition(".")[2]
    description, data = criterion["description"].rstrip("."), criterion["data"]
    try:
        clause = SENTENCES[short].format(**_words(description, data))
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
