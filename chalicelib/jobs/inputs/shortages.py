"""The messages about hours of weather that a run needs and no station has."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from chalicelib.instants import EPOCH
from chalicelib.jobs.inputs.coverage import HOURS_OF_YEAR
from chalicelib.jobs.inputs.instants import HOUR, iso
from chalicelib.settings import NO_SOURCE

NORMAL_REMEDY = (
    "Upload a TMY3 or CZ2010 file of the station to weather_files/, or post the hours to weather_records/, then run"
    " again."
)

Shortage = tuple[dict[str, Any], list[int]]  # a candidate station, and the hours that it lacks, in order


def observed_message(shortages: list[Shortage], needed: int, source: str, reasons: Iterable[str]) -> str:
    """The message about observed hours (since 1970 UTC).

    needed: the number of hours that the run needs. reasons: sentences on why the source has no more; empty if unknown.
    """
    no_more = [] if source == NO_SOURCE else [f"This deployment's source, {source}, has no more data.", *reasons]
    return _message(
        shortages,
        f"of the {needed:,} hours of observed temperatures that the run needs",
        lambda hour: iso(hour * HOUR)[:16] + "Z",
        "".join(f"{sentence} " for sentence in dict.fromkeys(filter(None, no_more))),
        "Post the missing hours to weather_records/, then run again.",
    )


def normal_message(shortages: list[Shortage], source: str) -> str:
    """The message about hours of the normal year, counted from January 1 UTC."""
    return _message(
        shortages,
        f"of the {HOURS_OF_YEAR:,} hours of normal temperatures",
        lambda hour: f"{EPOCH + timedelta(hours=hour):%m-%dT%H:00Z}",  # 1970 is no leap year
        ""
        if source == NO_SOURCE
        else f"This deployment's source of normal years, {source}, is used only for stations without stored hours, and "
        "has none for them. ",
        NORMAL_REMEDY,
    )


def _message(
    shortages: list[Shortage],
    needed: str,
    shown: Callable[[int], str],
    source: str,
    remedy: str,
) -> str:
    """The message about the hours that each of the considered stations lacks."""
    clauses = [
        f"station {_label(candidate)} lacks {len(missing):,} {needed}, from {shown(missing[0])} to {shown(missing[-1])}"
        for candidate, missing in shortages
    ]
    if len(clauses) == 1:
        return f"{clauses[0][0].upper()}{clauses[0][1:]}. {source}{remedy}"
    return (
        f"None of the {len(clauses)} nearest stations that match the ZIP code has enough weather data:"
        f" {'; '.join(clauses)}. {source}{remedy}"
    )


def _label(candidate: dict[str, Any]) -> str:
    return (
        f"{candidate['station']} ({candidate['distance_km']} km)"
        if "distance_km" in candidate
        else candidate["station"]
    )
