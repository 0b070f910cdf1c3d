"""From USAF ids to those of GHCNh: by the WBAN number, or by NCEI's list of the stations.

An id is a FIPS country code, a letter for the kind of number that follows, and that number to eight places: USW00093134
is WBAN 93134, UKM00003772 is WMO 03772, UKI0000EGLL is ICAO EGLL. Others say nothing, and the list's columns WMO_ID
and ICAO are blank for some stations whose ids do, so that both are looked at.
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

LIST = "doc/ghcnh-station-list.csv"  # beside the folder "access"
NO_WBAN = "99999"
NEAR = 15.0  # km between the positions of one station in two lists: airports are large, and some positions rough
EARTH = 6371.0  # km, its mean radius
COLUMNS = {"GHCN_ID", "LATITUDE", "LONGITUDE", "WMO_ID", "ICAO"}
_ID = re.compile(r"[A-Z]{2}(?:W000(?P<WBAN>\d{5})|M000(?P<WMO>\d{5})|I0000(?P<ICAO>[A-Z0-9]{4}))")

Number = tuple[str, str]  # its kind (WBAN, ICAO, WMO) and itself
Position = tuple[float, float]  # latitude and longitude in degrees


class Listed(NamedTuple):
    """A station of NCEI's list."""

    id: str
    position: Position


def ids(base: str, station: str, year: int) -> Iterator[str]:
    """The ids under which GHCNh may have a station's year, the likeliest first.

    The list is downloaded after the ids that a WBAN number gives. Raises Unavailable and Unusable.
    """
    direct = [f"USW000{wban}" for wban in _wbans(station, year)]
    yield from direct
    yield from (id for id in _found(base, station) if id not in direct)


def unlisted(base: str, station: str) -> str:
    """Why GHCNh can have nothing of a station: a sentence, or nothing where it can. Raises as `ids`."""
    numbers, position = _known(station)
    if any(kind == "WBAN" for kind, _ in numbers):
        return ""
    if not numbers:
        return (
            f"Station {station} cannot be looked for in GHCNh: eeweather knows no other number of it, and it is no WMO"
            " number followed by 0."
        )
    if _listed(base) is None:
        return f"{_address(base)}, in which station {station} would be looked for, is not there."
    if _found(base, station):
        return ""
    sought = " or ".join(f"{kind} {number}" for kind, number in numbers)
    near = "" if position is None else f" within {NEAR:g} km of where eeweather has it"
    return f"GHCNh's station list has no {sought}{near}, so GHCNh has nothing of station {station}."


def _wbans(station: str, year: int) -> list[str]:
    """The WBAN numbers that ISD had for a station's year, or else the last."""
    try:
        found = get_isd_filenames(station, year, filename_format="{wban_id}")
    except UnrecognizedUSAFIDError:
        return []
    return [wban for wban in found if wban != NO_WBAN]


def _known(station: str) -> tuple[list[Number], Position | None]:
    """The numbers of a station in other systems, and where it is, if eeweather knows that."""
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
    if re.fullmatch(r"\d{5}0", station):  # how USAF numbers the stations of the WMO
        numbers.append(("WMO", station[:5]))
    return numbers, position


def _found(base: str, station: str) -> list[str]:
    """The ids of the list's stations that have a number of this one and are near it."""
    numbers, position = _known(station)
    listed = (_listed(base) or {}) if numbers else {}
    same = [one for number in numbers for one in listed.get(number, ())]
    return list(dict.fromkeys(one.id for one in same if position is None or _km(position, one.position) <= NEAR))


@lru_cache(maxsize=1)  # 40,000 stations, for all runs of a process
def _listed(base: str) -> dict[Number, list[Listed]] | None:
    """NCEI's list by each number of a station; None where the server has no list. Raises Unavailable and Unusable."""
    content = download(_address(base))
    if content is None:
        return None
    rows = csv.DictReader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", errors="replace", newline=""))
    lacking = COLUMNS - set(rows.fieldnames or ())
    if lacking:
        raise Unusable(f"{_address(base)} has no column {' and no '.join(sorted(lacking))}.")
    stations: dict[Number, list[Listed]] = {}
    for row in rows:
        try:
            station = Listed(row["GHCN_ID"].strip(), (float(row["LATITUDE"]), float(row["LONGITUDE"])))
        except (TypeError, ValueError, AttributeError):  # a line that broke off, or has no position
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
    """The distance on the sphere (haversine formula)."""
    (south, west), (north, east) = (map(math.radians, position) for position in (one, other))
    half = math.sin((north - south) / 2) ** 2
    half += math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(half))
