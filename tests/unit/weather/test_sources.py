"""Fetching observed hours from a local server, with the sample files that eeweather ships."""

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
    def test_a_year_equals_eeweathers_own_result(self, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
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

    def test_eeweathers_own_connection_is_restored(self, server: FileServer) -> None:
        before = eeweather.connections.noaa_ftp_connection_proxy
        SOURCES["isd"](server.url, STATION, YEAR)
        assert eeweather.connections.noaa_ftp_connection_proxy is before

    def test_unobserved_hours_are_left_out(self, server: FileServer) -> None:
        server.files["/2013/994035-99999-2013.gz"] = sample("ISD-NAN.gz")
        assert SOURCES["isd"](server.url, "994035", 2013) == []

    @pytest.mark.parametrize("station", [STATION, "ABCDEF"])
    def test_a_year_or_station_that_does_not_exist(self, server: FileServer, station: str) -> None:
        assert SOURCES["isd"](server.url, station, YEAR) is None

    def test_years_after_the_end_of_isd_are_not_requested(self, server: FileServer) -> None:
        assert SOURCES["isd"](server.url, STATION, 2026) is None
        assert server.asked == []
        assert SOURCES["isd"](server.url, STATION, 2025) is None
        assert server.asked == ["/2025/722874-93134-2025.gz"]

    def test_the_end_of_isd_is_the_reason_for_later_hours(self) -> None:
        last = datetime(2025, 8, 27, 23, tzinfo=UTC)
        assert REASONS["isd"]("", STATION, last) == ""
        assert REASONS["isd"]("", STATION, last + timedelta(hours=1)) == (
            "NOAA discontinued ISD on 2025-08-27: set the template's parameter WeatherSource=ghcnh for later data."
        )

    @pytest.mark.parametrize(
        "content", [b"no gzip", sample("ISD.gz")[:1000], gzip.compress(b"no ISD\n" * 50)], ids=["plain", "cut", "text"]
    )
    def test_an_unreadable_file_is_named(self, server: FileServer, content: bytes) -> None:
        server.files[ISD] = content
        with pytest.raises(Unusable, match="station 722874 for 2007 cannot be read"):
            SOURCES["isd"](server.url, STATION, YEAR)


class TestDownloads:
    def test_a_server_error_is_retried(self, server: FileServer) -> None:
        server.files[ISD], server.failures = sample("ISD.gz"), [503, 500]
        assert SOURCES["isd"](server.url, STATION, YEAR)
        assert server.asked == [ISD] * 3

    def test_a_persistent_server_error_is_unavailable(self, server: FileServer) -> None:
        server.files[ISD], server.failures = sample("ISD.gz"), [503] * 9
        with pytest.raises(Unavailable, match=r"722874-93134-2007.gz could not be fetched in 3 tries: .*503"):
            SOURCES["isd"](server.url, STATION, YEAR)
        assert len(server.asked) == 3

    def test_a_truncated_download_is_unavailable(self, server: FileServer) -> None:
        server.files[ISD], server.cut = sample("ISD.gz"), True
        with pytest.raises(Unavailable):
            SOURCES["isd"](server.url, STATION, YEAR)

    def test_a_refused_connection_is_unavailable(self, server: FileServer) -> None:
        with pytest.raises(Unavailable):
            SOURCES["isd"]("http://127.0.0.1:9", STATION, YEAR)  # the discard port, where nothing listens

    def test_a_file_that_is_too_large_is_unusable(self, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(download, "MAX_BYTES", 100_000)
        server.files[ISD] = sample("ISD.gz")
        with pytest.raises(Unusable, match="larger than"):
            SOURCES["isd"](server.url, STATION, YEAR)


NAMES = (
    "STATION|Station_name|DATE|LATITUDE|LONGITUDE|ELEVATION|temperature|temperature_Measurement_Code|"
    "temperature_Quality_Code|temperature_Report_Type|temperature_Source_Code|temperature_Source_Station_ID|remarks"
)


def psv(*rows: tuple[str, str, str, str]) -> bytes:
    """Return a GHCNh file with these dates, temperatures (°C), quality codes and sources."""
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
        ("quality", "source", "accepted"),
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
    def test_temperatures_with_a_bad_quality_code_are_left_out(
        self, server: FileServer, quality: str, source: str, accepted: int
    ) -> None:
        server.files[GHCNH] = psv((f"{YEAR}-01-01T00:00:00Z", "12.2", quality, source))
        assert len(SOURCES["ghcnh"](server.url, STATION, YEAR) or ()) == accepted

    def test_a_row_may_have_no_temperature(self, server: FileServer) -> None:
        server.files[GHCNH] = psv((f"{YEAR}-01-01T00:00:00", "", "", ""), (f"{YEAR}-01-01T05:00:00", "1", "", "335"))
        [(start, fahrenheit)] = SOURCES["ghcnh"](server.url, STATION, YEAR) or []
        assert (start - FIRST) // HOUR == 5
        assert fahrenheit == pytest.approx(33.8)

    @pytest.mark.parametrize("station", [STATION, "994035", "ABCDEF"])  # has no file, no WBAN number, is not in ISD
    def test_a_year_that_does_not_exist(self, server: FileServer, station: str) -> None:
        assert SOURCES["ghcnh"](server.url, station, YEAR) is None

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"<html>", "has no column DATE and no temperature"),
            (psv(("yesterday", "1", "", "335")), "cannot be read"),
            (psv((f"{YEAR}-01-01T00:00:00", "warm", "", "335")), "line 2, cannot be read"),
        ],
        ids=["page", "date", "value"],
    )
    def test_an_unreadable_file_is_named(self, server: FileServer, content: bytes, message: str) -> None:
        server.files[GHCNH] = content
        with pytest.raises(Unusable, match=message):
            SOURCES["ghcnh"](server.url, STATION, YEAR)
