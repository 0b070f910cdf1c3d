"""The layouts of GHCNh's files, as published by NCEI."""

from collections.abc import Callable

STATION, ID, YEAR = "722874", "USW00093134", 2024  # Los Angeles: WBAN 93134
FILE = f"/by-year/{YEAR}/psv/GHCNh_{ID}_{YEAR}.psv"
VARIABLES = ("temperature", "dew_point_temperature", "relative_humidity")
CODES = ("", "_Measurement_Code", "_Quality_Code", "_Report_Type", "_Source_Code", "_Source_Station_ID")
Layout = Callable[[list[tuple[str, str]]], list[str]]  # makes the lines of a file from instants and temperatures
COLUMNS = [variable + code for variable in VARIABLES for code in CODES]


def cells(time: list[str], value: str) -> list[str]:
    """Return a row of a file: an instant, a temperature with its codes, no dew point, and a humidity."""
    codes = ["", "1", "FM15", "343", "722874-93134"]
    place = ["34.0236", "-118.2911", "54.6"]
    return [ID, "LOS ANGELES DWTN USC CAMPUS", *time, *place, value, *codes, *[""] * 6, "55", *codes]


def split(date: str) -> list[str]:
    return [date[:4], date[5:7], date[8:10], date[11:13], date[14:16]]


def by_year_2025(rows: list[tuple[str, str]]) -> list[str]:
    """Yearly files until 2025: DATE, and remarks at the end."""
    names = ["STATION", "Station_name", "DATE", "LATITUDE", "LONGITUDE", "ELEVATION", *COLUMNS, "remarks"]
    remark = "METAR KCQT \"IT'S RMK AO2"
    return ["|".join(names), *("|".join([*cells([date], value), remark]) for date, value in rows)]


def by_year_2026(rows: list[tuple[str, str]]) -> list[str]:
    """Yearly files since 2026: DATE and its parts, and no remarks."""
    parts = ["Year", "Month", "Day", "Hour", "Minute"]
    names = ["STATION", "Station_name", "DATE", *parts, "LATITUDE", "LONGITUDE", "ELEVATION", *COLUMNS]
    return ["|".join(names), *("|".join(cells([date, *split(date)], value)) for date, value in rows)]


def by_station(rows: list[tuple[str, str]]) -> list[str]:
    """Files with a station's whole record: Station_ID, and the instant in five columns."""
    names = ["Station_ID", "Station_name", "Year", "Month", "Day", "Hour", "Minute", "Latitude", "Longitude"]
    names += ["Elevation", *COLUMNS, "remarks"]
    return ["|".join(names), *("|".join([*cells(split(date), value), ""]) for date, value in rows)]


def unpadded(rows: list[tuple[str, str]]) -> list[str]:
    """The same without leading zeros, as written by spreadsheets."""
    names, *lines = [line.split("|") for line in by_station(rows)]
    plain = [[*row[:2], *(part.lstrip("0") or "0" for part in row[2:7]), *row[7:]] for row in lines]
    return ["|".join(row) for row in (names, *plain)]


def from_the_service(rows: list[tuple[str, str]]) -> list[str]:
    """NCEI's access service, with DATE, temperature and its codes requested."""
    names = ["STATION", "DATE", "temperature", "temperature_Quality_Code", "temperature_Source_Code"]
    return [",".join(f'"{cell}"' for cell in row) for row in (names, *([ID, *row, "1", "343"] for row in rows))]


def without_codes(rows: list[tuple[str, str]]) -> list[str]:
    """NCEI's access service, with only the columns that eeweather requests."""
    return ["DATE,temperature", *map(",".join, rows)]


LAYOUTS = [by_year_2025, by_year_2026, by_station, unpadded, from_the_service, without_codes]
OBSERVED = [(f"{YEAR}-03-0{day}T0{hour}:47:00", f"{day + hour / 2}") for day in (1, 2) for hour in range(4)]
