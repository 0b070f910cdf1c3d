"""What is fetched from a source, with a local server."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.jobs.inputs import fetching
from chalicelib.metering import MeterFailure
from chalicelib.metering.stations import nearest_normal_stations
from chalicelib.store.series import series
from tests import normal_file
from tests.file_server import FileServer, sample
from tests.unit.jobs.inputs.store import FIRST, NORMAL_YEAR, SECOND, YEAR, ZIPCODE, Memory, completed, meter_input


def isd_file(station: str, wban: str) -> str:
    return f"/2007/{station}-{wban}-2007.gz"


def tmy3_file(station: str) -> str:
    return f"/{station}TYA.CSV"


class TestFetching:
    def test_stores_a_year_once(self, memory: Memory, server: FileServer) -> None:
        server.files[isd_file("722874", "93134")] = sample("ISD.gz")
        found = completed(meter_input("722874"))
        assert len(found["records"]) > 8700
        asked = list(server.asked)
        assert isd_file("722874", "93134") in asked
        assert completed(meter_input("722874")) == found
        assert server.asked == asked

    def test_requests_the_next_station_if_the_first_has_no_file(self, memory: Memory, server: FileServer) -> None:
        server.files = {isd_file(SECOND, wban): sample("ISD.gz") for wban in wbans(SECOND)}
        found = completed(meter_input())
        assert (found["station"], found["rank"]) == (SECOND, 2)
        asked = list(server.asked)
        completed(meter_input())
        assert server.asked == asked  # neither is requested again

    def test_does_not_change_stored_hours(self, memory: Memory, server: FileServer) -> None:
        server.files[isd_file("722874", "93134")] = sample("ISD.gz")
        memory.fill("722874", YEAR[0], "2007-06-01T00:00:00+00:00")
        records = completed(meter_input("722874"))["records"]
        known = [value for start, value in records if YEAR[0] <= start < "2007-06-01"]
        assert known == [50.0] * len(known)
        assert len(known) > 3000
        assert len(records) > 8700

    def test_uses_the_hours_that_another_run_stores_in_the_meantime(
        self, memory: Memory, server: FileServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.files[isd_file("722874", "93134")] = sample("ISD.gz")
        download = fetching._download

        def slow(station: str, year: int | None) -> Any:
            memory.fill(station, f"{year}-01-01T00:00:00+00:00", f"{year}-12-31T23:59:59+00:00")
            return download(station, year)

        monkeypatch.setattr(fetching, "_download", slow)
        records = completed(meter_input("722874"))["records"]
        assert {value for _, value in records} == {50.0}

    def test_does_not_request_what_is_stored(self, memory: Memory, server: FileServer) -> None:
        memory.fill(FIRST, *YEAR, skip=50)
        completed(meter_input())
        assert server.asked == []

    def test_reports_a_year_that_no_station_has(self, memory: Memory, server: FileServer) -> None:
        with pytest.raises(MeterFailure, match=r"lacks 8,760 .*This deployment's source, isd, has no more data"):
            completed(meter_input("722874"))

    def test_reports_hours_after_the_end_of_isd_without_requesting_them(
        self, memory: Memory, server: FileServer
    ) -> None:
        start, end = "2025-10-01T00:00:00+00:00", "2026-10-01T00:00:00+00:00"
        document = meter_input("722874")
        document["trace"]["records"] = [{"start": moment, "value": 1.0} for moment in (start, end)]
        document["project"]["modeling_period_group"] = {"baseline_period": {"end": end}, "reporting_period": {}}
        memory.fill("722874", start, "2025-11-01T00:00:00+00:00")
        with pytest.raises(MeterFailure) as failure:
            completed(document)
        assert str(failure.value) == (
            "Station 722874 lacks 8,016 of the 8,760 hours of observed temperatures that the run needs, from"
            " 2025-11-01T00:00Z to 2026-09-30T23:00Z. This deployment's source, isd, has no more data. NOAA"
            " discontinued ISD on 2025-08-27: set the template's parameter WeatherSource=ghcnh for later data. Post"
            " the missing hours to weather_records/, then run again."
        )
        assert server.asked == ["/2025/722874-93134-2025.gz"]

    def test_does_not_mention_the_end_of_isd_for_earlier_hours(self, memory: Memory, server: FileServer) -> None:
        with pytest.raises(MeterFailure, match=r"has no more data\. Post the missing hours"):
            completed(meter_input("722874"))

    def test_reports_a_station_that_ghcnh_does_not_have(self, memory: Memory, server: FileServer) -> None:
        memory.settings.weather_source = "ghcnh"
        server.files["/doc/ghcnh-station-list.csv"] = b"GHCN_ID,LATITUDE,LONGITUDE,WMO_ID,ICAO\n"
        with pytest.raises(MeterFailure) as failure:
            completed(meter_input("037720"))
        assert str(failure.value).endswith(
            ". This deployment's source, ghcnh, has no more data. GHCNh has no data for station 037720: its"
            " station list has no WMO 03772. Post the missing hours to weather_records/, then run again."
        )

    def test_treats_a_bad_row_of_ghcnh_as_a_missing_hour(self, memory: Memory, server: FileServer) -> None:
        memory.settings.weather_source = "ghcnh"
        for year in (2007, 2008):
            rows = [
                f"{datetime(year, 1, 1) + timedelta(hours=hour):%Y-%m-%dT%H:%M:%S}|{hour % 24}" for hour in range(8760)
            ]
            rows[4000:4006] = [row.partition("|")[0] + "|-None" for row in rows[4000:4006]]
            name = f"/by-year/{year}/psv/GHCNh_USW00093134_{year}.psv"
            server.files[name] = "\n".join(["DATE|temperature", *rows]).encode()
        records = completed(meter_input("722874"))["records"]
        gap = [f"{datetime(2007, 1, 1) + timedelta(hours=hour):%Y-%m-%dT%H}" for hour in range(4001, 4005)]
        assert len(records) == 8760 + 2 * 24 + 8 - len(gap)  # until two days after the last bill
        assert not [start for start, _ in records if start[:13] in gap]

    def test_reports_a_file_that_cannot_be_read(self, memory: Memory, server: FileServer) -> None:
        server.files[isd_file("722874", "93134")] = b"no gzip"
        with pytest.raises(MeterFailure, match="ISD file of station 722874 for 2007 cannot be read"):
            completed(meter_input("722874"))

    def test_treats_an_unavailable_server_as_a_machine_error(
        self, memory: Memory, server: FileServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chalicelib.weather.download.BACK_OFF", 0.01)
        server.failures = [503] * 3
        with pytest.raises(OSError, match="could not be fetched"):
            completed(meter_input("722874"))
        assert not memory.notes


class TestFetchingTheNormalYear:
    @pytest.fixture
    def document(self, memory: Memory, server: FileServer) -> dict[str, Any]:
        """An input without a normal year, in a deployment that fetches TMY3 from the server."""
        memory.settings.normal_source, memory.settings.normal_url = "tmy3", server.url
        memory.fill(FIRST, *YEAR)
        return meter_input(weather_normal=None)

    def test_stores_it_once(self, memory: Memory, server: FileServer, document: dict[str, Any]) -> None:
        second = nearest_normal_stations(ZIPCODE)[1]
        server.files[tmy3_file(second.station)] = normal_file.text()
        completed(document)
        found = document["weather_normal"]
        assert (found["station"], found["rank"], found["distance_km"]) == (second.station, 2, second.distance_km)
        assert len(found["records"]) == 8760
        assert found["records"][8][1] == pytest.approx(normal_file.celsius(0) * 1.8 + 32)
        assert server.asked == [tmy3_file(ranked.station) for ranked in nearest_normal_stations(ZIPCODE)[:2]]
        asked, again = list(server.asked), meter_input(weather_normal=None)
        completed(again)
        assert again["weather_normal"] == found
        assert server.asked == asked  # neither is requested again

    def test_requests_only_the_named_station(self, server: FileServer, document: dict[str, Any]) -> None:
        document["weather_normal"] = {"station": "722880"}
        server.files[tmy3_file("722880")] = normal_file.text()
        completed(document)
        assert document["weather_normal"]["station"] == "722880"
        assert server.asked == [tmy3_file("722880")]

    def test_neither_requests_nor_changes_a_year_that_was_posted(
        self, memory: Memory, server: FileServer, document: dict[str, Any]
    ) -> None:
        first, second = (ranked.station for ranked in nearest_normal_stations(ZIPCODE)[:2])
        server.files = {tmy3_file(station): normal_file.text() for station in (first, second)}
        memory.fill(first, *NORMAL_YEAR, dataset="normal", skip=49)
        completed(document)
        assert document["weather_normal"]["station"] == second
        assert server.asked == [tmy3_file(second)]
        assert len(memory.series[series.weather_prefix("normal", first)]) == 8711

    def test_reports_a_year_that_no_station_has(self, server: FileServer, document: dict[str, Any]) -> None:
        with pytest.raises(MeterFailure) as failure:
            completed(document)
        for ranked in nearest_normal_stations(ZIPCODE):
            assert (
                f"station {ranked.station} ({ranked.distance_km} km) lacks 8,760 of the 8,760 hours of normal"
                " temperatures, from 01-01T00:00Z to 12-31T23:00Z"
            ) in str(failure.value)
        assert str(failure.value).endswith(
            ". This deployment's source of normal years, tmy3, is used only for stations without stored hours, and has"
            " none for them. Upload a TMY3 or CZ2010 file of the station to weather_files/, or post the hours to"
            " weather_records/, then run again."
        )

    def test_reports_a_file_that_cannot_be_read(
        self, memory: Memory, server: FileServer, document: dict[str, Any]
    ) -> None:
        document["weather_normal"] = {"station": "722880"}
        server.files[tmy3_file("722880")] = b"<html>"
        with pytest.raises(MeterFailure, match=r"TMY3 file of station 722880 cannot be read: .*\. Upload a TMY3"):
            completed(document)
        assert not memory.notes

    def test_treats_an_unavailable_server_as_a_machine_error(
        self, memory: Memory, server: FileServer, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chalicelib.weather.download.BACK_OFF", 0.01)
        server.failures = [503] * 3
        with pytest.raises(OSError, match="could not be fetched"):
            completed(document)
        assert not memory.notes


def wbans(station: str) -> list[str]:
    """The WBAN numbers that eeweather tries for the year 2007 of a station."""
    from eeweather.stations import get_isd_filenames

    found: list[str] = get_isd_filenames(station, 2007, filename_format="{wban_id}")
    return found
