"""Map USAF ids to GHCNh ids: by the WBAN number, or by NCEI's station list.

A GHCNh id is a FIPS country code, a letter for the kind of number that follows, and that number padded to eight places:
USW00093134 is WBAN 93134, UKM00003772 is WMO 03772, UKI0000EGLL is ICAO EGLL. Other ids contain no such number. The
list's columns WMO_ID and ICAO are blank for some stations whose ids have the number, so both are checked.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from eeweather.exceptions import UnrecognizedUSAFIDError
from eeweather.stations import get_isd_filenames, get_isd_station_metadata

from chalicelib.weather.download import Unusable, download

LIST = "doc/ghcnh-station-list.csv"  # next to the folder "access"
NO_WBAN = "99999"
MAX_DISTANCE = 15.0  # km between the positions of one station in two lists: airports are large, some positions rough
EARTH_RADIUS = 6371.0  # km, mean
COLUMNS = {"GHCN_ID", "LATITUDE", "LONGITUDE", "WMO_ID", "ICAO"}
_ID = re.compile(r"[A-Z]{2}(?:W000(?P<WBAN>\d{5})|M000(?P<WMO>\d{5})|I0000(?P<ICAO>[A-Z0-9]{4}))")

Number = tuple[str, str]  # kind (WBAN, ICAO or WMO) and number
Position = tuple[float, float]  # latitude and longitude in degrees


class Listed(NamedTuple):
    """A station in NCEI's list."""

    id: str
    position: Position


def ids(base: str, station: str, year: int) -> Iterator[str]:
    """Yield the ids under which GHCNh may have a station's year, the likeliest first.

    The station list is downloaded only after the ids from WBAN numbers. Raises Unavailable and Unusable.
    """
    direct = [f"USW000{wban}" for wban in _wbans(station, year)]
    yield from direct
    yield from (id for id in _found(base, station) if id not in direct)


def unlisted(base: str, station: str) -> str:
    """Return a sentence on why GHCNh cannot have a station; empty if it can. Raises the errors of `ids`."""
    numbers, position = _known(station)
    if any(kind == "WBAN" for kind, _ in numbers):
        return ""
    if not numbers:
        return (
            f"Station {station} cannot be found in GHCNh: eeweather has no WBAN or ICAO number for it, and its id is"
            " not a WMO number followed by 0."
        )
    if _listed(base) is None:
        return (
            f"Station {station} cannot be found in GHCNh: the station list {_address(base)} does not exist. Check the"
            " template's parameter WeatherUrl."
        )
    if _found(base, station):
        return ""
    sought = " or ".join(f"{kind} {number}" for kind, number in numbers)
    near = "" if position is None else f" within {MAX_DISTANCE:g} km of eeweather's position of the station"
    return f"GHCNh has no data for station {station}: its station list has no {sought}{near}."


def _wbans(station: str, year: int) -> list[str]:
    """Return the station's WBAN numbers in ISD for a year, or the latest one if ISD has none for that year."""
    try:
        found = get_isd_filenames(station, year, filename_format="{wban_id}")
    except UnrecognizedUSAFIDError:
        return []
    return [wban for wban in found if wban != NO_WBAN]


def _known(station: str) -> tuple[list[Number], Position | None]:
    """Return the station's numbers in other systems, and its position if eeweather knows it."""
    numbers: list[Number] = []
    position = None
    try:
        known = get_isd_station_metadata(station)
    except UnrecognizedUSAFIDError:
        pass
    else:
        numbers += [("WBAN", wban) for wban in known["wban_ids"].split(",") if wban != NO_WBAN]
        if known["icao_code"]:
            numbers.append(("ICAO", known["icao_code"]))
        if known["latitude"] and known["longitude"]:
            position = (float(known["latitude"]), float(known["longitude"]))
    if re.fullmatch(r"\d{5}0", station):  # the USAF id of a WMO station is its WMO number and 0
        numbers.append(("WMO", station[:5]))
    return numbers, position


def _found(base: str, station: str) -> list[str]:
    """Return the ids of listed stations that share a number with this station and are close to it."""
    numbers, position = _known(station)
    listed = (_listed(base) or {}) if numbers else {}
    same = [one for number in numbers for one in listed.get(number, ())]
    close = (one for one in same if position is None or _km(position, one.position) <= MAX_DISTANCE)
    return list(dict.fromkeys(one.id for one in close))


@lru_cache(maxsize=1)  # 40,000 stations, shared by all runs of a process
def _listed(base: str) -> dict[Number, list[Listed]] | None:
    """Return NCEI's station list by station number; None if there is no list. Raises Unavailable and Unusable."""
    content = download(_address(base))
    if content is None:
        return None
    rows = csv.DictReader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", errors="replace", newline=""))
    missing = COLUMNS - set(rows.fieldnames or ())
    if missing:
        raise Unusable(f"{_address(base)} has no column {' and no '.join(sorted(missing))}.")
    stations: dict[Number, list[Listed]] = {}
    for row in rows:
        try:
            station = Listed(row["GHCN_ID"].strip(), (float(row["LATITUDE"]), float(row["LONGITUDE"])))
        except (TypeError, ValueError, AttributeError):  # a truncated line, or no position
            continue
        for number in _numbers(station.id, row["WMO_ID"] or "", row["ICAO"] or ""):
            stations.setdefault(number, []).append(station)
    return stations


def _address(base: str) -> str:
    return f"{base.removesuffix('/access')}/{LIST}"


def _numbers(id: str, wmo: str, icao: str) -> set[Number]:
    coded = _ID.fullmatch(id)
    numbers = {(kind, number) for kind, number in coded.groupdict().items() if number} if coded else set()
    if wmo.strip().isdigit():
        numbers.add(("WMO", wmo.strip().zfill(5)))
    if icao.strip():
        numbers.add(("ICAO", icao.strip()))
    return numbers


def _km(one: Position, other: Position) -> float:
    """Return the great-circle distance (haversine formula)."""
    (south, west), (north, east) = (map(math.radians, position) for position in (one, other))
    half = math.sin((north - south) / 2) ** 2
    half += math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(half))
