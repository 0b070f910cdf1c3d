"""The real fetching code of observed hours against a server of this machine, with the files that eeweather ships."""

import gzip
from datetime import UTC, datetime, timedelta
from io import BytesIO

import eeweather.stations
import pytest

from chalicelib.weather import REASONS, SOURCES, Unavailable, Unusable, download
from tests.file_server import FileServer, sample

STATION, YEAR = "722874", 2007
ISD = f"/{YEAR}/{STATION}-93134-{YEAR}.gz"
GHCNH = f"/by-year/{YEAR}/psv/GHCNh_USW00093134_{YEAR}.psv"
HOUR = 3_600_000_000
FIRST = int(datetime(YEAR, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


class TestISD:
    def test_a_year_is_what_eeweather_makes_of_it(self, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
        server.files[ISD] = sample("ISD.gz")
        hours = SOURCES["isd"](server.url, STATION, YEAR)
        assert server.asked == [ISD]
        assert hours is not None

        class Proxy:
            def read_file_as_bytes(self, name: str) -> object:
                return BytesIO(sample("ISD.gz"))

        monkeypatch.setattr(eeweather.connections, "noaa_ftp_connection_proxy", Proxy())
        monkeypatch.setattr(
            eeweather.stations, "fetch_isd_raw_temp_data", eeweather.stations.fetch_isd_raw_temp_data_old
        )
        expected = eeweather.stations.fetch_isd_hourly_temp_data(STATION, YEAR).dropna()
        assert len(hours) == len(expected) == 8755
        assert [start for start, _ in hours] == [int(at.timestamp()) * 1_000_000 for at in expected.index]
        assert [fahrenheit for _, fahrenheit in hours] == pytest.approx(list(expected * 1.8 + 32))
        assert hours[0][0] == FIRST
        assert hours[0][1] == pytest.approx(14.89 * 1.8 + 32)

    def test_eeweathers_own_connection_is_left_as_it_was(self, server: FileServer) -> None:
        before = eeweather.connections.noaa_ftp_connection_proxy
        SOURCES["isd"](server.url, STATION, YEAR)
        assert eeweather.connections.noaa_ftp_connection_proxy is before

    def test_unobserved_hours_stay_out(self, server: FileServer) -> None:
        server.files["/2013/994035-99999-2013.gz"] = sample("ISD-NAN.gz")
        assert SOURCES["isd"](server.url, "994035", 2013) == []

    @pytest.mark.parametrize("station", [STATION, "ABCDEF"])
    def test_a_year_or_a_station_that_is_not_there(self, server: FileServer, station: str) -> None:
        assert SOURCES["isd"](server.url, station, YEAR) is None

    def test_no_year_after_its_end_is_asked_for(self, server: FileServer) -> None:
        assert SOURCES["isd"](server.url, STATION, 2026) is None
        assert server.asked == []
        assert SOURCES["isd"](server.url, STATION, 2025) is None
        assert server.asked == ["/2025/722874-93134-2025.gz"]

    def test_its_end_is_told_of_hours_after_it(self) -> None:
        last = datetime(2025, 8, 27, 23, tzinfo=UTC)
        assert REASONS["isd"]("", STATION, last) == ""
        assert REASONS["isd"]("", STATION, last + timedelta(hours=1)) == (
            "NOAA ended ISD on 2025-08-27: the template's parameter WeatherSource=ghcnh goes on."
        )

    @pytest.mark.parametrize(
        "content", [b"no gzip", sample("ISD.gz")[:1000], gzip.compress(b"no ISD\n" * 50)], ids=["plain", "cut", "text"]
    )
    def test_a_file_that_is_none_is_named(self, server: FileServer, content: bytes) -> None:
        server.files[ISD] = content
        with pytest.raises(Unusable, match="station 722874 and 2007 cannot be read"):
            SOURCES["isd"](server.url, STATION, YEAR)


class TestDownloads:
    def test_an_error_of_the_server_is_tried_again(self, server: FileServer) -> None:
        server.files[ISD], server.failures = sample("ISD.gz"), [503, 500]
        assert SOURCES["isd"](server.url, STATION, YEAR)
        assert server.asked == [ISD] * 3

    def test_an_error_that_stays_is_the_machines(self, server: FileServer) -> None:
        server.files[ISD], server.failures = sample("ISD.gz"), [503] * 9
        with pytest.raises(Unavailable, match=r"722874-93134-2007.gz could not be fetched in 3 tries: .*503"):
            SOURCES["isd"](server.url, STATION, YEAR)
        assert len(server.asked) == 3

    def test_a_file_that_breaks_off_is_the_machines(self, server: FileServer) -> None:
        server.files[ISD], server.cut = sample("ISD.gz"), True
        with pytest.raises(Unavailable):
            SOURCES["isd"](server.url, STATION, YEAR)

    def test_nobody_there_is_the_machines(self, server: FileServer) -> None:
        with pytest.raises(Unavailable):
            SOURCES["isd"]("http://127.0.0.1:9", STATION, YEAR)  # the port of "discard", which nothing serves

    def test_a_file_may_be_too_large(self, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(download, "MOST_BYTES", 100_000)
        server.files[ISD] = sample("ISD.gz")
        with pytest.raises(Unusable, match="larger than"):
            SOURCES["isd"](server.url, STATION, YEAR)


NAMES = (
    "STATION|Station_name|DATE|LATITUDE|LONGITUDE|ELEVATION|temperature|temperature_Measurement_Code|"
    "temperature_Quality_Code|temperature_Report_Type|temperature_Source_Code|temperature_Source_Station_ID|remarks"
)


def psv(*rows: tuple[str, str, str, str]) -> bytes:
    """A file of GHCNh of these dates, temperatures (°C), quality codes and sources."""
    lines = [
        f"USW00093134|LOS ANGELES DWTN|{date}|34.0|-118.3|54.6|{value}||{quality}|FM15|{source}|722874-93134|\"it's"
        for date, value, quality, source in rows
    ]
    return "\n".join([NAMES, *lines, ""]).encode()


class TestGHCNh:
    def test_observations_become_hours(self, server: FileServer) -> None:
        observed = [(f"{YEAR}-01-01T{hour:02d}:47:00", str(hour / 2), "1", "335") for hour in range(4)]
        server.files[GHCNH] = psv(*observed)
        hours = SOURCES["ghcnh"](server.url, STATION, YEAR)
        assert server.asked == [GHCNH]
        assert hours is not None
        assert [(start - FIRST) // HOUR for start, _ in hours] == [0, 1, 2, 3]
        assert hours[2][1] == pytest.approx(1.8 * (0.5 + 0.5 * (13 + 29.5) / 60) + 32, abs=0.05)

    @pytest.mark.parametrize(
        ("quality", "source", "taken"),
        [
            ("", "335", 1),
            ("1", "335", 1),
            ("5", "335", 1),
            ("5", "223", 0),
            ("6", "335", 0),
            ("6", "223", 1),
            ("2", "343", 0),
            ("3", "220", 0),
            ("L", "335", 1),
            ("k", "335", 0),
        ],
    )
    def test_what_its_quality_code_doubts_stays_out(
        self, server: FileServer, quality: str, source: str, taken: int
    ) -> None:
        server.files[GHCNH] = psv((f"{YEAR}-01-01T00:00:00Z", "12.2", quality, source))
        assert len(SOURCES["ghcnh"](server.url, STATION, YEAR) or ()) == taken

    def test_a_row_may_have_no_temperature(self, server: FileServer) -> None:
        server.files[GHCNH] = psv((f"{YEAR}-01-01T00:00:00", "", "", ""), (f"{YEAR}-01-01T05:00:00", "1", "", "335"))
        [(start, fahrenheit)] = SOURCES["ghcnh"](server.url, STATION, YEAR) or []
        assert (start - FIRST) // HOUR == 5
        assert fahrenheit == pytest.approx(33.8)

    @pytest.mark.parametrize("station", [STATION, "994035", "ABCDEF"])  # without a file, a WBAN number, a place in ISD
    def test_a_year_that_is_not_there(self, server: FileServer, station: str) -> None:
        assert SOURCES["ghcnh"](server.url, station, YEAR) is None

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"<html>", "has no column DATE and no temperature"),
            (psv(("yesterday", "1", "", "335")), "cannot be read"),
            (psv((f"{YEAR}-01-01T00:00:00", "warm", "", "335")), "line 2, cannot be read"),
        ],
        ids=["page", "date", "value"],
    )
    def test_a_file_that_is_none_is_named(self, server: FileServer, content: bytes, what: str) -> None:
        server.files[GHCNH] = content
        with pytest.raises(Unusable, match=what):
            SOURCES["ghcnh"](server.url, STATION, YEAR)
