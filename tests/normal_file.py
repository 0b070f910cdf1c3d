"""Simulated TMY3 and CZ2010 files in the format of the real files of station 722880, with their names and columns."""

import math
from datetime import datetime, timedelta

STATION = "722880"
TMY3 = f'{STATION},"BURBANK-GLENDALE-PASSADENA AP",CA,-8.0,34.200,-118.350,226'
CZ2010 = f'{STATION},"BURBANK-GLENDALE-PASADENA",,-8.0,34.200,-118.350,226,USA,4,NAP,Csb,'
_MEASURED = (
    "GHI (W/m^2)|GHI source|GHI uncert (%)|DNI (W/m^2)|DNI source|DNI uncert (%)|DHI (W/m^2)|DHI source|DHI uncert (%)|"
    "GH illum (lx)|GH illum source|Global illum uncert (%)|DN illum (lx)|DN illum source|DN illum uncert (%)|"
    "DH illum (lx)|DH illum source|DH illum uncert (%)|Zenith lum (cd/m^2)|Zenith lum source|Zenith lum uncert (%)|"
    "TotCld (tenths)|TotCld source|TotCld uncert (code)|OpqCld (tenths)|OpqCld source|OpqCld uncert (code)|"
    "Dry-bulb (C)|Dry-bulb source|Dry-bulb uncert (code)|Dew-point (C)|Dew-point source|Dew-point uncert (code)|"
    "RHum (%)|RHum source|RHum uncert (code)|Pressure (mbar)|Pressure source|Pressure uncert (code)|"
    "Wdir (degrees)|Wdir source|Wdir uncert (code)|Wspd (m/s)|Wspd source|Wspd uncert (code)|"
    "Hvis (m)|Hvis source|Hvis uncert (code)|CeilHgt (m)|CeilHgt source|CeilHgt uncert (code)|"
    "Pwat (cm)|Pwat source|Pwat uncert (code)|AOD (unitless)|AOD source|AOD uncert (code)|"
    "Alb (unitless)|Alb source|Alb uncert (code)|Lprecip depth (mm)|Lprecip quantity (hr)|Lprecip source|"
    "Lprecip uncert (code)|PresWth (METAR code)"
).replace("|", ",")
_TMY3_NAMES = (
    "Date (MM/DD/YYYY),Time (HH:MM),ETR (W/m^2),ETRN (W/m^2)," + _MEASURED + ",PresWth source,PresWth uncert (code)"
)
_CZ2010_NAMES = "Date (MM/DD/YYYY),Time (HH:MM),ETR (W/m^2),ETRN (W/m^2)," + _MEASURED + "        "
_BEFORE = "0,0,0,2,0,0,2,0,0,2,0,0,2,0,0,2,0,0,2,0,0,2,0,0,E,9,0,E,9"
_AFTER = "A,7,7.0,A,7,93,A,7,986,A,7,0,A,7,0.0,A,7,3200,B,7,77777,A,7,1.2,E,8,0.089,F,8,0.140,F,8,0,1,D,9,10"
_FIRST = datetime(2015, 1, 1)


def celsius(hour: int) -> float:
    """Return the simulated temperature of an hour of the year, in local standard time, to 0.1 °C as in real files."""
    return round(16.0 - 9.0 * math.cos(hour * math.tau / 8760) - 5.0 * math.cos((hour - 3) * math.tau / 24), 1)


def lines(kind: str = TMY3) -> list[str]:
    """Return the lines of a file; each month of a TMY3 year is from a different year."""
    rows = []
    for hour in range(8760):
        day = _FIRST + timedelta(hours=hour)
        year = 1991 + day.month if kind == TMY3 else 2004
        end = ",C,8" if kind == TMY3 else ""
        rows.append(f"{day:%m/%d}/{year},{day.hour + 1:02d}:00,{_BEFORE},{celsius(hour)},{_AFTER}{end}")
    return [kind, _TMY3_NAMES if kind == TMY3 else _CZ2010_NAMES, *rows]


def text(kind: str = TMY3) -> bytes:
    """Return a complete file."""
    return "\r\n".join([*lines(kind), ""]).encode()


def changed(place: int, old: str, new: str) -> bytes:
    """Return a TMY3 file with a change in one line. place: number of the line, from 1."""
    content = lines()
    assert old in content[place - 1]
    content[place - 1] = content[place - 1].replace(old, new, 1)
    return "\n".join(content).encode()
