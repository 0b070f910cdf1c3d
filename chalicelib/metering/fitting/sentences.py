"""Sentences for sufficiency criteria and warnings, eemeter's and our own, in the terms of a program evaluator."""

import math
from collections.abc import Mapping
from typing import Any

from chalicelib.metering.preparation.quality.findings import MAX_DATES

_SHOWN = 3  # dates of a list
ACCOUNT = (
    "{rows_used} of {rows_total} {step} have both a reading and a temperature, but {rows_needed} are required: {causes}"
)
SENTENCES = {
    "no_data": ACCOUNT,
    "incorrect_number_of_total_days": ACCOUNT,
    "too_many_days_with_missing_data": ACCOUNT,
    "too_many_days_with_missing_meter_data": ACCOUNT,
    "too_many_days_with_missing_temperature_data": ACCOUNT,
    "missing_monthly_temperature_data": "months with less than 90 % of their temperatures: {months}",
    "missing_monthly_meter_data": "months with less than 90 % of their readings: {months}",
    "negative_meter_values": (
        "days with a negative reading, which is impossible for gas consumption: {n_negative_meter_values}. Correct"
        " these readings"
    ),
    "cvrmse": "the model's CVRMSE is {CVRMSE}, which is above the maximum of {threshold}",
    "extreme_values_detected": (
        "extreme daily values to review: {n_extreme_values}, the highest is {max_value}; the limit is"
        " {extreme_value_limit}, three interquartile ranges above the median of {median}"
    ),
    "utc_index": (
        "the project's days begin and end at midnight UTC: set the project's timezone, such as America/Chicago,"
        " unless its local time is UTC"
    ),
    "unable_to_confirm_daily_temperature_sufficiency": (
        "eemeter cannot determine whether each day has temperatures for enough of its hours"
    ),
    # eemeter's data lists all days, not only those concerned
    "missing_high_frequency_temperature_data": (
        "some days have temperatures for less than half of their hours; they count as days without a temperature"
    ),
    "missing_high_frequency_meter_data": (
        "some days have readings for at most half of the day; they count as days without a reading: {dates}"
    ),
    "inferior_model_usage": "the readings are daily, but a billing model uses only their monthly sums",
    "offcycle_reads_in_billing_monthly_data": (
        # eemeter also lists the end of the series, which is not a bill
        "bills shorter than 25 days or longer than 35 days (bimonthly: 70 days): {count}, starting on {dates}"
    ),
    "too_few_days_in_bills": (
        "the usable bills cover {n_days} days, but {n_days_needed} (90 % of 365) are required; excluded bills:"
        " {unused}; usable bills: {used}"
    ),
    "unused_bills": "excluded bills: {bills}",
    "negative_bills": "negative bills, which are impossible for gas consumption: {bills}. Correct these bills",
    "extreme_bills": (
        "extreme bills to review: {bills}; the limit is {limit} per day, three interquartile ranges above the median"
        " of {median}"
    ),
    "no_degrees_of_freedom": (
        "the values of this model have no confidence interval: {n} readings and {parameters} parameters leave no"
        " degrees of freedom"
    ),
    "interval_not_finite": (
        "the values of this model have no confidence interval: the squares of its residuals are not finite. Check the"
        " unit of the readings"
    ),
    "no_interval": (
        "the values of this model have no confidence interval: that of ASHRAE Guideline 14 is relative to the mean of"
        " the observed values, {mean_observed}, and is undefined if the mean is at or below zero, or very close to it;"
        ' choose "uncertainty": "regression" if the model supports it'
    ),
    "poor_fit_search": (
        "eemeter's optimizer ended in a poor fit, with {ssr_ratio_before} times the squared residuals of a plain"
        " regression on degree days (RMSE {rmse_before}); {outcome}: the model in use has {ssr_ratio_after} times"
        " (RMSE {rmse_after})"
    ),
    "duplicate_readings": (
        "instants with several values in one request, of which the last is used (duplicates): {count}, {dates}"
    ),
    "register_exchanged": (
        "the register reads drop or jump, as after a meter exchange, so the consumption of those intervals is missing:"
        " {count}, {dates}. If a read is wrong, post null for it"
    ),
    "zeros_missing": (
        "{count} of {readings} readings are 0, which counts as missing for electricity (CalTRACK 2.2.1.4); if they are"
        ' real, as on a submeter, set "zero_is_reading": true on the trace'
    ),
    "missing_readings": "{missing} of {readings} {step} have no reading: {days}",
    "negative_readings": (
        "negative readings ({count}), which are impossible for consumption: {readings}. If one corrects an earlier"
        ' estimate, post that estimate with "estimated": true; the two are then combined, if they cover at most 70 days'
    ),
    "outliers": (
        "outliers ({count}), far from comparable readings: {readings}; set formatter_kwargs"
        ' {{"outliers": "exclude"}} to exclude them'
    ),
    "outliers_excluded": "outliers ({count}), far from comparable readings, were excluded: {readings}",
    "temperatures_missing": (
        "{missing} of {hours} hours had no temperature, and {filled} of them were interpolated; days without a"
        " temperature: {days}"
    ),
    "days_without_temperature": (
        "days ({count}) excluded because less than half of their hours have a temperature: {days}. Post the missing"
        " hours to weather_records/"
    ),
    "impossible_temperatures": (
        "{count} {dataset} temperatures of {station} are impossible on Earth, or more than 60 F from the median"
        " of the hours around them; they count as missing"
    ),
    "long_bills": (
        "bills at least {times} times as long as the usual {days} days: {bills}. Each is used as the energy of all its"
        " days; if it hides a missing bill, post that bill with value null"
    ),
    "long_readings": (
        "readings that cover several intervals count as missing, since their energy cannot be divided among the"
        " intervals: {count}, on {dates}. Post bills as a separate trace"
    ),
    "inclusive_ends": (
        "{count} of {bills} bills end a day before the next one starts: if the end dates are the last days of the"
        " bills, post the day after as the end"
    ),
    "weather_stuck": (
        "temperatures of {station} do not change for {hours} hours or more, as from a broken sensor: {days}. Post the"
        " right temperatures to weather_records/, or post a meter_input whose weather.records lack these hours"
    ),
    "normal_year_filled": (
        "the normal year of {station} lacks {hours} hours ({dates}); they were interpolated from the days around them"
    ),
    "weather_mismatch": (
        "observed temperatures ({observed_station}, mean {observed_mean} F, standard deviation {observed_spread} F) and"
        " normal temperatures ({normal_station}, mean {normal_mean} F, standard deviation {normal_spread} F) for the"
        " same days of the year cannot be from the same place: check the stations, and the units that were posted"
    ),
    "weather_in_celsius": (
        "the highest observed temperature of {observed_station} in most of a year is {hottest} F: check whether the"
        " temperatures are in C"
    ),
}


def explain(criterion: Mapping[str, Any]) -> str:
    """Return a clause with the numbers of a criterion {"name", "description", "data"}, and its name in parentheses."""
    short = criterion["name"].rpartition(".")[2]
    description, data = criterion["description"].rstrip("."), criterion["data"]
    try:
        clause = SENTENCES[short].format(**_fields(description, data))
    except LookupError:  # an unknown criterion, or one with unknown data
        clause = description
        if isinstance(data, Mapping) and data:
            clause += ": " + ", ".join(f"{key.replace('_', ' ')} {_number(value)}" for key, value in data.items())
        elif data:
            clause += f": {len(data)}, from {_dates(data)}"
    return f"{clause} ({short})"


def _fields(description: str, data: Any) -> dict[str, str]:
    if not isinstance(data, Mapping):
        return {"count": str(len(data)), "dates": _dates(data)}
    fields = {key: _field(key, value) for key, value in data.items()}
    fields["threshold"] = description.rpartition("> ")[2]
    return fields


def _field(key: str, value: Any) -> str:
    if key.endswith("station"):
        return f"station {value}" if value else "the input's weather"
    return _listed(value) if isinstance(value, list) else _number(value)


def _dates(timestamps: Any) -> str:
    more = len(timestamps) - _SHOWN
    return ", ".join(str(at)[:10] for at in timestamps[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _listed(items: list[str]) -> str:
    cut = f" (first {MAX_DATES})" if len(items) == MAX_DATES else ""
    return ("; ".join(items) or "none") + cut


def _number(value: Any) -> str:
    """Format a number with two decimals, or two significant digits below 1, without trailing zeros."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    if not math.isfinite(number):
        return "none"
    text = f"{number:.2f}" if abs(number) >= 1 else f"{number:.2g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
