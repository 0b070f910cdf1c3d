"""The layouts of GHCNh's files and its station list, as published by NCEI, fetched from a local server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.weather import REASONS, SOURCES, Unavailable, Unusable, ghcnh_stations
from chalicelib.weather.ghcnh import URL
from tests.file_server import FileServer

STATION, ID, YEAR = "722874", "USW00093134", 2024  # Los Angeles: WBAN 93134
FILE = f"/by-year/{YEAR}/psv/GHCNh_{ID}_{YEAR}.psv"
HOUR = 3_600_000_000
FIRST = int(datetime(YEAR, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
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


def fetched(server: FileServer, lines: list[str]) -> list[tuple[int, float]]:
    """Return the hours read from a file: hours since the start of the year, and °C."""
    server.files[FILE] = "\n".join([*lines, ""]).encode()
    hours = SOURCES["ghcnh"](server.url, STATION, YEAR)
    assert hours is not None
    return [((start - FIRST) // HOUR, round((fahrenheit - 32) / 1.8, 6)) for start, fahrenheit in hours]


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, int, str]]:
    """Return the number of rows, of skipped rows, and the first skipped row of each warning."""
    entries = [vars(record) for record in caplog.records if record.levelname == "WARNING"]
    assert all(entry["message"] == "skipped unreadable rows" for entry in entries)
    return [(entry["rows"], entry["skipped"], entry["first"]) for entry in entries]


class TestLayouts:
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_all_give_the_same_hours(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, layout: Layout
    ) -> None:
        hours = fetched(server, layout(OBSERVED))
        day = (31 + 29) * 24
        assert [hour - day for hour, _ in hours] == [0, 1, 2, 3, 4, 23, 24, 25, 26, 27]  # up to an hour from each
        assert dict(hours)[day + 2] == pytest.approx(1 + (0.5 + 0.5 * (13 + 29.5) / 60), abs=0.05)
        assert logged(caplog) == []

    def test_a_repeated_header_is_not_a_row(self, server: FileServer, caplog: pytest.LogCaptureFixture) -> None:
        whole = fetched(server, by_year_2025(OBSERVED))
        assert fetched(server, by_year_2025(OBSERVED[:3]) + by_year_2025(OBSERVED[3:])) == whole
        assert logged(caplog) == []

    def test_a_repeated_header_may_change_the_layout(self, server: FileServer) -> None:
        whole = fetched(server, by_year_2025(OBSERVED))
        parts = by_year_2025(OBSERVED[:2]) + by_station(OBSERVED[2:4]) + from_the_service(OBSERVED[4:])
        assert fetched(server, parts) == whole

    def test_a_byte_order_mark_and_windows_line_ends_change_nothing(self, server: FileServer) -> None:
        whole = fetched(server, by_year_2026(OBSERVED))
        server.files[FILE] = "\r\n".join([*by_year_2026(OBSERVED), "", ""]).encode("utf-8-sig")
        assert len(SOURCES["ghcnh"](server.url, STATION, YEAR) or ()) == len(whole)

    def test_an_offset_is_applied(self, server: FileServer) -> None:
        [(hour, celsius)] = fetched(server, ["DATE,temperature", f"{YEAR}-01-01T06:00:00+02:00,12.5"])
        assert (hour, celsius) == (4, 12.5)


BAD = [
    ("-None", "'-None' is not a temperature"),
    ("nan", "nan is not a temperature from -90 to 60 °C"),
    ("99.0", "99.0 is not a temperature from -90 to 60 °C"),
    ("-120", "-120 is not a temperature from -90 to 60 °C"),
]
TIMES = [
    f"{YEAR}-02-30T00:00:00",
    f"{YEAR}-02-03",
    "",
    "yesterday",
    f"{YEAR}-01-01T24:30:00",
    "0001-01-01T00:00:00+05:00",
]


class TestBadRows:
    @pytest.mark.parametrize(("value", "why"), BAD)
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_bad_value_is_a_missing_hour(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, layout: Layout, value: str, why: str
    ) -> None:
        good = fetched(server, layout(OBSERVED))
        assert fetched(server, layout([*OBSERVED[:4], (f"{YEAR}-06-01T12:00:00", value), *OBSERVED[4:]])) == good
        [entry] = logged(caplog)
        assert entry == (9, 1, f"line 6, cannot be read: {why}")

    @pytest.mark.parametrize("time", TIMES)
    def test_a_row_without_an_instant_is_skipped(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, time: str
    ) -> None:
        good = fetched(server, without_codes(OBSERVED))
        assert fetched(server, without_codes([(time, "10.0"), *OBSERVED])) == good
        [entry] = logged(caplog)
        assert entry == (9, 1, f"line 2, cannot be read: {time!r} is not a date and time")

    @pytest.mark.parametrize("layout", [by_station, unpadded])
    def test_a_row_without_an_instant_in_five_columns(self, server: FileServer, layout: Layout) -> None:
        good = fetched(server, layout(OBSERVED))
        assert fetched(server, layout([*OBSERVED, (f"{YEAR}-02-30T01:00:00", "10.0")])) == good

    def test_rows_of_another_year_or_the_future_are_skipped(
        self, server: FileServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        good = fetched(server, without_codes(OBSERVED))
        assert fetched(server, without_codes([(f"{YEAR - 1}-12-31T23:59:00", "10.0"), *OBSERVED])) == good
        [entry] = logged(caplog)
        assert entry[1:] == (1, f"line 2, cannot be read: {YEAR - 1}-12-31T23:59Z is not a past time of {YEAR}")
        now = datetime.now(UTC)
        dates = [now - timedelta(hours=2), now + timedelta(hours=2)]
        for year in {date.year for date in dates}:
            name = f"/by-year/{year}/psv/GHCNh_{ID}_{year}.psv"
            lines = without_codes([(f"{date:%Y-%m-%dT%H:%M:%S}", "10.0") for date in dates])
            server.files[name] = "\n".join(lines).encode()
        assert len(SOURCES["ghcnh"](server.url, STATION, dates[0].year) or ()) == 1

    def test_rows_of_another_station_are_skipped(self, server: FileServer, caplog: pytest.LogCaptureFixture) -> None:
        lines = by_year_2025(OBSERVED)
        good = fetched(server, lines)
        other = lines[1].replace(ID, "USW00023152", 1)
        assert fetched(server, [*lines, other]) == good
        [entry] = logged(caplog)
        assert entry == (9, 1, "line 10, cannot be read: it belongs to station USW00023152")

    def test_truncated_rows_and_trailing_lines_are_skipped(
        self, server: FileServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        lines = by_year_2025(OBSERVED)
        good = fetched(server, lines)
        assert fetched(server, [*lines, lines[1][:60], "# 8 records"]) == good
        [entry] = logged(caplog)
        assert entry == (10, 2, "line 10, cannot be read: it has only 4 columns")

    def test_an_unterminated_cell_is_skipped(self, server: FileServer, caplog: pytest.LogCaptureFixture) -> None:
        lines = from_the_service(OBSERVED)
        good = fetched(server, lines)
        assert fetched(server, [*lines, '"' + "1," * 100_000]) == good
        assert [entry[:2] for entry in logged(caplog)] == [(9, 1)]

    @pytest.mark.parametrize("value", ["", " ", "9999", "-9999", "-9999.9", "999.9"])
    def test_a_row_marked_as_missing_is_not_a_bad_row(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, value: str
    ) -> None:
        assert fetched(server, by_year_2025([(f"{YEAR}-06-01T12:00:00", value)])) == []
        assert logged(caplog) == []

    def test_a_file_with_only_bad_rows_is_unusable(self, server: FileServer) -> None:
        lines = by_year_2026([(date, "-None") for date, _ in OBSERVED])
        with pytest.raises(Unusable) as problem:
            fetched(server, lines)
        assert str(problem.value) == (
            f"GHCNh_{ID}_{YEAR}.psv, line 2, cannot be read: '-None' is not a temperature. None of its 8 rows can be"
            " read."
        )

    def test_an_html_page_is_quoted(self, server: FileServer) -> None:
        with pytest.raises(Unusable, match="no column DATE and no temperature: its first line is '<html>'"):
            fetched(server, ["<html>", "<body>service overloaded</body>"])

    @pytest.mark.parametrize(
        ("names", "what"),
        [("STATION|Year|Month|Day|Hour|temperature", "DATE"), ("STATION|DATE|wind_speed", "temperature")],
    )
    def test_a_missing_column_is_named(self, server: FileServer, names: str, what: str) -> None:
        with pytest.raises(Unusable, match=f"has no column {what}: its first line is"):
            fetched(server, [names])


LIST = "/doc/ghcnh-station-list.csv"
COLUMNS_OF_LIST = "GHCN_ID,LATITUDE,LONGITUDE,ELEVATION,STATE,NAME,GSN,(US)HCN_(US)CRN,WMO_ID,ICAO,ISO_CODE"
STATIONS = [
    "ACM00078861,17.1167,-61.7833,10.0,TX,COOLIDGE FIELD   ANTIGUA (AUX.,,,78861,,AG",
    "AGM00060350,37.083,6.45,-999.0,,BOGUS ALGERIAN,,,60350,,DZ",
    "GMM00010379,52.3833,13.0500,70.0,,POTSDAM,,,10379,,DE",
    "GMM00010380,52.3833,13.0667,81.0,,POTSDAM,,,,,DE",  # without its number in WMO_ID
    "UKM00003772,51.4780,-0.4610,25.3,,HEATHROW,,,03772,,GB",
    "USI0000KCCB,34.1120,-117.6880,440.0,CA,CABLE AIRPORT,,,,,US",  # without its code in ICAO
    "XXI0000KTMT,10.0000,-10.0000,440.0,,ANOTHER OF THIS CODE,,,,KTMT,XX",
    "GQW00041415,13.4836,144.7961,77.4,GU,GUAM INTL AP,GSN,,91212,PGUM,GU",
    "SPMU0098221,40.4720,-3.5610,609.0,,MADRID BARAJAS,,,open,LEMD,ES",
    "USW00023152,,,,CA,NOWHERE,,,,,US",
    "BROKEN",
]


def listed(*stations: str) -> bytes:
    return "\r\n".join([COLUMNS_OF_LIST, *stations, ""]).encode()


def file_of(id: str) -> str:
    return f"/by-year/{YEAR}/psv/GHCNh_{id}_{YEAR}.psv"


class TestStations:
    @pytest.mark.parametrize(
        ("station", "id"),
        [
            ("103800", "GMM00010380"),  # eeweather: Potsdam without a WBAN number; by the WMO number in the id
            ("720329", "USI0000KCCB"),  # eeweather: Cable without a WBAN number, ICAO KCCB; by the code in the id
            ("037720", "UKM00003772"),  # unknown to eeweather: by the WMO number
            ("788610", "ACM00078861"),
            ("912120", "GQW00041415"),  # outside the 50 states, the WBAN number is not part of the id
        ],
    )
    def test_stations_are_found_in_the_list(self, server: FileServer, station: str, id: str) -> None:
        server.files[LIST] = listed(*STATIONS)
        server.files[file_of(id)] = "\n".join(without_codes(OBSERVED)).encode()
        assert SOURCES["ghcnh"](server.url, station, YEAR)
        assert server.asked[-2:] == [LIST, file_of(id)]
        assert REASONS["ghcnh"](server.url, station, datetime.now(UTC)) == ""

    def test_stations_with_a_wban_number_need_no_list(self, server: FileServer) -> None:
        server.files = {LIST: listed(*STATIONS), FILE: "\n".join(without_codes(OBSERVED)).encode()}
        assert SOURCES["ghcnh"](server.url, STATION, YEAR)
        assert server.asked == [FILE]

    def test_the_list_is_downloaded_once(self, server: FileServer) -> None:
        server.files[LIST] = listed(*STATIONS)
        for station in ("037720", "788610", "037720"):
            assert SOURCES["ghcnh"](server.url, station, YEAR) is None
        assert server.asked == [LIST, *map(file_of, ("UKM00003772", "ACM00078861", "UKM00003772"))]

    def test_a_distant_station_with_the_same_code_does_not_match(self, server: FileServer) -> None:
        server.files[LIST] = listed(*STATIONS)  # KTMT is not in Nevada in this list
        server.files[file_of("XXI0000KTMT")] = "\n".join(without_codes(OBSERVED)).encode()
        assert SOURCES["ghcnh"](server.url, "720129", YEAR) is None
        assert REASONS["ghcnh"](server.url, "720129", datetime.now(UTC)) == (
            "GHCNh has no data for station 720129: its station list has no ICAO KTMT within 15 km of eeweather's"
            " position of the station."
        )

    def test_all_ids_of_a_station_are_tried(self, server: FileServer) -> None:
        server.files[LIST] = listed(
            "UKM00003772,51.4780,-0.4610,25.3,,HEATHROW,,,03772,,GB",
            "UKI0000EGLL,51.4780,-0.4610,25.3,,HEATHROW,,,3772,EGLL,GB",
        )
        server.files[file_of("UKI0000EGLL")] = "\n".join(without_codes(OBSERVED)).encode()
        assert SOURCES["ghcnh"](server.url, "037720", YEAR)
        assert server.asked == [LIST, file_of("UKM00003772"), file_of("UKI0000EGLL")]

    @pytest.mark.parametrize(
        ("station", "why"),
        [
            ("037740", "GHCNh has no data for station 037740: its station list has no WMO 03774."),
            ("982210", "GHCNh has no data for station 982210: its station list has no WMO 98221."),
            ("ABCDEF", "Station ABCDEF cannot be found in GHCNh: eeweather has no WBAN or ICAO number for it, and"),
            (STATION, ""),
        ],
    )
    def test_an_unknown_station_is_reported(self, server: FileServer, station: str, why: str) -> None:
        server.files[LIST] = listed(*STATIONS)
        assert SOURCES["ghcnh"](server.url, station, YEAR) is None
        reason = REASONS["ghcnh"](server.url, station, datetime.now(UTC))
        assert reason.startswith(why)
        assert bool(reason) is bool(why)

    def test_a_missing_list_is_reported(self, server: FileServer) -> None:
        assert SOURCES["ghcnh"](server.url, "037720", YEAR) is None
        assert REASONS["ghcnh"](server.url, "037720", datetime.now(UTC)) == (
            f"Station 037720 cannot be found in GHCNh: the station list {server.url}{LIST} does not exist."
        )

    def test_an_unreadable_list_is_unusable(self, server: FileServer) -> None:
        server.files[LIST] = b"<html>"
        with pytest.raises(Unusable, match=r"ghcnh-station-list.csv has no column GHCN_ID and no ICAO"):
            SOURCES["ghcnh"](server.url, "037720", YEAR)
        assert REASONS["ghcnh"](server.url, "037720", datetime.now(UTC)) == ""

    def test_the_list_is_requested_again_after_a_failure(self, server: FileServer) -> None:
        server.files[LIST], server.failures = listed(*STATIONS), [503] * 3
        with pytest.raises(Unavailable):
            SOURCES["ghcnh"](server.url, "037720", YEAR)
        assert SOURCES["ghcnh"](server.url, "037720", YEAR) is None
        assert server.asked.count(LIST) == 4

    @pytest.mark.parametrize(
        ("base", "address"),
        [
            (
                URL,
                "https://www.ncei.noaa.gov/oa/global-historical-climatology-network/hourly/doc/ghcnh-station-list.csv",
            ),
            ("https://mirror.example.org/ghcnh", "https://mirror.example.org/ghcnh/doc/ghcnh-station-list.csv"),
        ],
    )
    def test_the_list_is_next_to_the_files(self, base: str, address: str) -> None:
        assert ghcnh_stations._address(base) == address
