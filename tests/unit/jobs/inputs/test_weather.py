"""The choice of the station, the hours needed, and what is fetched, with in-memory series and a local server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.jobs.inputs import weather
from chalicelib.jobs.inputs.instants import HOUR, instant, iso
from chalicelib.metering import MeterFailure
from chalicelib.metering.stations import nearest_normal_stations, nearest_stations
from chalicelib.store.series import fetches, series
from chalicelib.store.series.series import Column
from chalicelib.store.shared import documents
from tests import normal_file
from tests.file_server import FileServer, sample, serving

ZIPCODE = "90007"  # near station 722874, whose year 2007 is part of the eeweather package
FIRST, SECOND = (ranked.station for ranked in nearest_stations(ZIPCODE)[:2])
YEAR = "2007-01-01T08:00:00+00:00", "2008-01-01T08:00:00+00:00"


@dataclass
class Memory:
    """An in-memory store with replacements for the store's functions."""

    series: dict[str, Column] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    settings: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            weather_source="none", weather_url="http://127.0.0.1:9", normal_source="none", normal_url=""
        )
    )

    def append(self, prefix: str, column: Column) -> None:
        self.series.setdefault(prefix, Column()).extend(column)

    def read(
        self,
        prefix: str,
        start: int | None = None,
        end: int | None = None,
        *,
        share: bool = False,
        compact: bool = True,
    ) -> Column:
        return series.merged(self.series.get(prefix, Column())).between(start, end)

    def get(self, key: str) -> Any:
        if key not in self.notes:
            raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 404}}, "GetObject")
        return self.notes[key]

    def fill(self, station: str, start: str, end: str, dataset: str = "observed", skip: int = 0, omit: int = 0) -> None:
        """Store a temperature for each hour, except the first `skip` hours and every `omit`-th one."""
        column = Column()
        for number, one in enumerate(range(instant(start) + skip * HOUR, instant(end), HOUR)):
            if not omit or number % omit:
                column.append(one, 50.0)
        self.append(series.weather_prefix(dataset, station), column)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """An in-memory store of a deployment that fetches nothing."""
    memory = Memory()
    monkeypatch.setattr(series, "append", memory.append)
    monkeypatch.setattr(series, "read", memory.read)
    monkeypatch.setattr(documents, "put", memory.notes.__setitem__)
    monkeypatch.setattr(documents, "get", memory.get)
    monkeypatch.setattr(weather, "settings", lambda: memory.settings)
    return memory


@pytest.fixture
def server(memory: Memory) -> Iterator[FileServer]:
    """A server that the deployment fetches ISD files from."""
    with serving() as running:
        memory.settings.weather_source, memory.settings.weather_url = "isd", running.url
        yield running


def isd_file(station: str, wban: str) -> str:
    return f"/2007/{station}-{wban}-2007.gz"


def tmy3_file(station: str) -> str:
    return f"/{station}TYA.CSV"


def monthly(start: str, months: int) -> list[dict[str, Any]]:
    first = datetime.fromisoformat(start)
    return [{"start": (first + timedelta(days=30 * n)).isoformat(), "value": 1.0} for n in range(months + 1)]


def meter_input(station: str | None = None, **changes: Any) -> dict[str, Any]:
    """An input with a year of bills before the installation, and a given normal year."""
    return {
        "trace": {"records": [{"start": moment, "value": 1.0} for moment in YEAR]},
        "project": {
            "zipcode": ZIPCODE,
            "modeling_period_group": {
                "baseline_period": {"start": None, "end": YEAR[1]},
                "reporting_period": {"start": YEAR[1], "end": None},
            },
        },
        "weather": {"station": station},
        "weather_normal": {"station": None, "unit": "F", "records": []},
        "formatter_kwargs": None,
        **changes,
    }


def completed(document: dict[str, Any]) -> dict[str, Any]:
    weather.add_weather(document)
    found: dict[str, Any] = document["weather"]
    return found


class TestNeededHours:
    def test_are_those_of_the_readings_next_to_the_installation(self) -> None:
        document = meter_input()
        document["trace"]["records"] = monthly("2010-01-01T00:00:00+00:00", 60)
        group = document["project"]["modeling_period_group"]
        group["baseline_period"]["end"] = "2013-01-10T00:00:00+00:00"
        group["reporting_period"]["start"] = "2013-03-01T00:00:00+00:00"
        before, after = weather.needed_hours(document)
        assert (len(before), len(after)) == (8760, 8760)
        assert (
            iso(before[-1] * HOUR + HOUR) == "2012-12-16T00:00:00+00:00"
        )  # the end of the last bill in the baseline period
        assert iso(after[0] * HOUR) == "2013-03-16T00:00:00+00:00"

    def test_end_with_the_period_or_the_readings(self) -> None:
        document = meter_input()
        group = document["project"]["modeling_period_group"]
        group["baseline_period"]["start"] = "2007-06-01T00:00:00+00:00"
        document["trace"]["records"] = monthly("2007-01-01T00:00:00+00:00", 14)
        before, after = weather.needed_hours(document)
        assert len(before) == 6 * 30 * 24
        assert len(after) == 30 * 24

    @pytest.mark.parametrize(
        ("window", "first", "last"),
        [
            ("first_year", "2013-03-16", "2014-03-16"),
            ("latest_year", "2013-11-06", "2014-11-06"),  # later readings have no value
            ({"start": "2013-06-01", "end": "2014-06-01"}, "2013-06-14", "2014-05-10"),
            ({"start": "2013-06-14T00:00:00-06:00", "end": "2014-06-09T00:00:00Z"}, "2013-07-14", "2014-06-09"),
        ],
    )
    @pytest.mark.parametrize("form", ["start", "end", "both"])
    def test_are_those_of_the_reporting_window(self, window: Any, first: str, last: str, form: str) -> None:
        starts = [record["start"] for record in monthly("2010-01-01T00:00:00+00:00", 70)]
        edges = {"start": starts[:-1], "end": starts[1:]}
        given = edges if form == "both" else {form: edges[form]}
        known = instant("2014-11-06T00:00:00+00:00")  # the end of the last reading with a value
        document = meter_input(reporting_window=window)
        document["trace"]["records"] = [
            {**{name: given[name][at] for name in given}, "value": 1.0 if instant(starts[at + 1]) <= known else None}
            for at in range(70)
        ]
        group = document["project"]["modeling_period_group"]
        group["baseline_period"]["end"] = None
        group["reporting_period"]["start"] = "2013-03-01T00:00:00+00:00"
        (hours,) = weather.needed_hours(document)
        assert [iso(hour * HOUR)[:10] for hour in (hours.start, hours.stop)] == [first, last]

    def test_are_none_for_a_window_without_readings(self) -> None:
        document = meter_input(reporting_window={"start": "2030-01-01", "end": "2031-01-01"})
        assert len(weather.needed_hours(document)) == 1  # only the baseline's

    def test_are_none_without_readings_in_the_period(self) -> None:
        document = meter_input()
        document["trace"]["records"] = [{"end": YEAR[0]}]
        document["project"]["modeling_period_group"]["baseline_period"]["end"] = None
        assert weather.needed_hours(document) == []

    def test_are_a_failure_for_a_trace_without_records(self) -> None:
        document = meter_input()
        document["trace"]["records"] = []
        with pytest.raises(MeterFailure, match="trace_records/"):
            weather.needed_hours(document)


class TestStation:
    def test_nearest_is_used_with_its_rank_and_distance(self, memory: Memory) -> None:
        for station in (FIRST, SECOND):
            memory.fill(station, *YEAR)
        document = meter_input()
        found = completed(document)
        nearest = nearest_stations(ZIPCODE)[0]
        expected = {"station": FIRST, "rank": 1, "distance_km": nearest.distance_km}
        assert {key: found[key] for key in found if key != "records"} == {**expected, "unit": "F"}
        assert len(found["records"]) == 8760
        assert weather.without_temperatures(document) == {"weather": expected, "weather_normal": {"station": None}}

    def test_next_nearest_is_used_if_the_first_lacks_data(self, memory: Memory) -> None:
        memory.fill(FIRST, *YEAR, skip=877)
        memory.fill(SECOND, *YEAR, skip=876)
        assert (completed(meter_input())["station"], completed(meter_input())["rank"]) == (SECOND, 2)

    def test_may_lack_every_third_hour(self, memory: Memory) -> None:
        memory.fill(FIRST, *YEAR, omit=3)
        memory.fill(SECOND, *YEAR)
        assert completed(meter_input())["station"] == FIRST

    def test_must_have_enough_data_for_each_period(self, memory: Memory) -> None:
        document = meter_input()
        document["trace"]["records"] += [{"start": "2008-02-01T08:00:00+00:00", "value": None}]
        memory.fill(FIRST, *YEAR)
        memory.fill(SECOND, YEAR[0], "2008-02-01T08:00:00+00:00")
        assert completed(document)["station"] == SECOND

    def test_named_by_the_project_is_the_only_one_considered(self, memory: Memory) -> None:
        memory.fill(FIRST, *YEAR)
        with pytest.raises(MeterFailure, match=f"Station {SECOND} lacks 8,760"):
            completed(meter_input(SECOND))
        memory.fill(SECOND, *YEAR)
        found = completed(meter_input(SECOND))
        assert {key for key in found if key != "records"} == {"station", "unit"}
        assert found["station"] == SECOND

    def test_is_not_changed_if_the_input_has_temperatures(self, memory: Memory) -> None:
        given = {"station": None, "rank": 3, "unit": "F", "records": [[YEAR[0], 50.0]]}
        document = meter_input(weather=given)
        assert completed(document) is given
        assert weather.without_temperatures(document)["weather"] == {"station": None, "rank": 3}


class TestMissingHours:
    def test_are_counted_and_listed(self, memory: Memory) -> None:
        memory.fill("722874", *YEAR, skip=1000)
        with pytest.raises(MeterFailure) as failure:
            completed(meter_input("722874"))
        assert str(failure.value) == (
            "Station 722874 lacks 1,000 of the 8,760 hours of observed temperatures that the run needs, from"
            " 2007-01-01T08:00Z to 2007-02-11T23:00Z. Post the missing hours to weather_records/, then run again."
        )

    def test_are_listed_for_each_station_of_a_zip_code(self, memory: Memory) -> None:
        with pytest.raises(MeterFailure) as failure:
            completed(meter_input())
        for ranked in nearest_stations(ZIPCODE):
            assert f"station {ranked.station} ({ranked.distance_km} km) lacks 8,760 of the" in str(failure.value)

    def test_are_ignored_if_sufficiency_is_ignored(self, memory: Memory) -> None:
        ignoring: dict[str, Any] = {"formatter_kwargs": {"ignore_sufficiency": True}}
        with pytest.raises(MeterFailure, match="lacks"):
            completed(meter_input(**ignoring))
        memory.fill(FIRST, *YEAR, skip=4000)
        memory.fill(SECOND, *YEAR, skip=3000)
        assert completed(meter_input(**ignoring))["station"] == SECOND
        assert completed(meter_input(FIRST, **ignoring))["station"] == FIRST


class TestNormalYear:
    YEAR = "2015-01-01T00:00:00+00:00", "2016-01-01T00:00:00+00:00"

    @pytest.fixture
    def observed(self, memory: Memory) -> dict[str, Any]:
        memory.fill(FIRST, *YEAR)
        return meter_input(weather_normal=None)

    def test_is_that_of_the_nearest_station_without_gaps_of_more_than_two_days(
        self, memory: Memory, observed: dict[str, Any]
    ) -> None:
        first, second = nearest_normal_stations(ZIPCODE)[:2]
        memory.fill(first.station, *self.YEAR, dataset="normal", skip=49)
        memory.fill(second.station, *self.YEAR, dataset="normal")
        completed(observed)
        found = observed["weather_normal"]
        assert (found["station"], found["rank"], found["distance_km"]) == (second.station, 2, second.distance_km)
        assert len(found["records"]) == 8760

    def test_may_be_from_any_years(self, memory: Memory, observed: dict[str, Any]) -> None:
        (first, *_) = nearest_normal_stations(ZIPCODE)
        memory.fill(first.station, "2003-07-01T00:00:00+00:00", "2004-07-01T00:00:00+00:00", dataset="normal")
        completed(observed)
        assert observed["weather_normal"]["rank"] == 1

    def test_is_a_failure_with_the_hours_that_it_lacks(self, memory: Memory, observed: dict[str, Any]) -> None:
        observed["weather_normal"] = {"station": "722880"}
        memory.fill("722880", *self.YEAR, dataset="normal", skip=49)
        with pytest.raises(MeterFailure) as failure:
            completed(observed)
        assert str(failure.value).startswith(
            "Station 722880 lacks 49 of the 8,760 hours of normal temperatures, from 01-01T00:00Z to 01-03T00:00Z."
        )
        assert "weather_files/" in str(failure.value)

    def test_may_have_a_gap_of_two_days(self, memory: Memory, observed: dict[str, Any]) -> None:
        (first, *_) = nearest_normal_stations(ZIPCODE)
        memory.fill(first.station, *self.YEAR, dataset="normal", skip=48)
        completed(observed)
        assert observed["weather_normal"]["rank"] == 1


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


class TestReadOnly:
    @pytest.fixture(autouse=True)
    def nothing_is_written(self, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any) -> None:
            raise AssertionError("a read-only call wrote to the store")

        def read(
            prefix: str, start: int | None = None, end: int | None = None, *, share: bool, compact: bool
        ) -> Column:
            assert not compact
            return memory.read(prefix, start, end)

        monkeypatch.setattr(series, "append", refuse)
        monkeypatch.setattr(documents, "put", refuse)
        monkeypatch.setattr(series, "read", read)

    @pytest.fixture
    def document(self, server: FileServer, memory: Memory) -> dict[str, Any]:
        """An input without weather, in a deployment that fetches all of it."""
        memory.settings.normal_source, memory.settings.normal_url = "tmy3", server.url
        return meter_input(FIRST, weather_normal={"station": FIRST})

    def test_returns_what_is_stored(self, memory: Memory, server: FileServer, document: dict[str, Any]) -> None:
        memory.fill(FIRST, *YEAR)
        memory.fill(FIRST, "2007-01-01T00:00:00+00:00", "2008-01-01T00:00:00+00:00", dataset="normal")
        weather.add_weather(document, read_only=True)
        assert {key: len(document[key]["records"]) for key in ("weather", "weather_normal")} == {
            "weather": 8760,
            "weather_normal": 8760,
        }
        assert "to_fetch" not in document["weather"] | document["weather_normal"]
        assert server.asked == []

    def test_reports_what_a_run_would_fetch(self, server: FileServer, document: dict[str, Any]) -> None:
        weather.add_weather(document, read_only=True)
        assert document["weather"]["station"] == document["weather_normal"]["station"] == FIRST
        assert document["weather"]["to_fetch"] == {"source": "isd", "years": [2007, 2008]}
        assert document["weather_normal"]["to_fetch"] == {"source": "tmy3", "years": []}
        for name in ("weather", "weather_normal"):
            assert [value for _, value in document[name]["records"]] == [None]
        assert server.asked == []

    def test_chooses_the_same_station_as_a_run(self, memory: Memory, server: FileServer) -> None:
        memory.fill(SECOND, *YEAR)
        nearest = meter_input(weather_normal={"records": []})
        weather.add_weather(nearest, read_only=True)
        assert (nearest["weather"]["station"], "to_fetch" in nearest["weather"]) == (FIRST, True)
        for year in (2007, 2008):
            memory.notes[fetches._key("isd", FIRST, year)] = {"asked": datetime.now(UTC).isoformat(), "found": False}
        second = meter_input(weather_normal={"records": []})
        weather.add_weather(second, read_only=True)
        assert (second["weather"]["station"], "to_fetch" in second["weather"]) == (SECOND, False)

    @pytest.mark.parametrize(
        ("source", "reported"), [("none", "Post the missing hours"), ("ghcnh", "This deployment's source, ghcnh,")]
    )
    def test_is_a_failure_if_the_source_has_no_more_data(
        self, memory: Memory, server: FileServer, source: str, reported: str
    ) -> None:
        memory.settings.weather_source = source
        for year in (2007, 2008):
            memory.notes[fetches._key(source, FIRST, year)] = {"asked": datetime.now(UTC).isoformat(), "found": False}
        with pytest.raises(MeterFailure, match=rf"Station {FIRST} lacks .*\. {reported}"):
            weather.add_weather(meter_input(FIRST), read_only=True)
        assert server.asked == []  # not even for the reason


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
        memory.fill(first, *TestNormalYear.YEAR, dataset="normal", skip=49)
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
            ". The source for stations with no stored hours, tmy3, has no normal year. Upload a TMY3 or CZ2010 file of"
            " the station to weather_files/, or post the hours to weather_records/, then run again."
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


class TestFetchRecords:
    @pytest.mark.parametrize(
        ("found", "age", "year", "still"),
        [
            (True, timedelta(days=400), 2007, True),  # the year had ended
            (False, timedelta(hours=23), 2007, True),
            (False, timedelta(hours=25), 2007, False),
            (True, timedelta(hours=25), datetime.now(UTC).year, False),  # the year has not ended
            (True, timedelta(hours=23), datetime.now(UTC).year, True),
            (False, timedelta(hours=23), None, True),  # the normal year
            (False, timedelta(hours=25), None, False),
            (True, timedelta(hours=25), None, False),  # the store has it, or has lost it
        ],
    )
    def test_expire_if_the_source_may_have_more_data(
        self, memory: Memory, found: bool, age: timedelta, year: int | None, still: bool
    ) -> None:
        assert not fetches.is_current("isd", "722874", year)
        fetches.record("isd", "722874", year, found)
        (key,) = memory.notes
        memory.notes[key]["asked"] = (datetime.now(UTC) - age).isoformat()
        assert fetches.is_current("isd", "722874", year) is still
        assert not fetches.is_current("isd", "722874", 1999)
        assert not fetches.is_current("ghcnh", "722874", year)


def wbans(station: str) -> list[str]:
    """The WBAN numbers that eeweather tries for the year 2007 of a station."""
    from eeweather.stations import get_isd_filenames

    found: list[str] = get_isd_filenames(station, 2007, filename_format="{wban_id}")
    return found
