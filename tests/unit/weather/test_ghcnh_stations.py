"""How stations are found in GHCNh's station list, fetched from a local server."""

from datetime import UTC, datetime

import pytest

from chalicelib.weather import REASONS, SOURCES, Unavailable, Unusable, ghcnh_stations
from chalicelib.weather.ghcnh import URL
from tests.file_server import FileServer
from tests.unit.weather.ghcnh_layouts import FILE, OBSERVED, STATION, YEAR, without_codes

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
            f"Station 037720 cannot be found in GHCNh: the station list {server.url}{LIST} does not exist. Check"
            " the template's parameter WeatherUrl."
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
