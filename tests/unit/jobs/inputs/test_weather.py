"""The choice of the station, with a store in memory."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.jobs.inputs import weather
from chalicelib.metering import MeterFailure
from chalicelib.metering.stations import nearest_normal_stations, nearest_stations
from chalicelib.store.series import fetches, series
from chalicelib.store.series.series import Column
from chalicelib.store.shared import documents
from chalicelib.store.tables.base import now
from tests.file_server import FileServer
from tests.unit.jobs.inputs.store import FIRST, NORMAL_YEAR, SECOND, YEAR, ZIPCODE, Memory, completed, meter_input


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
    @pytest.fixture
    def observed(self, memory: Memory) -> dict[str, Any]:
        memory.fill(FIRST, *YEAR)
        return meter_input(weather_normal=None)

    def test_is_that_of_the_nearest_station_without_gaps_of_more_than_two_days(
        self, memory: Memory, observed: dict[str, Any]
    ) -> None:
        first, second = nearest_normal_stations(ZIPCODE)[:2]
        memory.fill(first.station, *NORMAL_YEAR, dataset="normal", skip=49)
        memory.fill(second.station, *NORMAL_YEAR, dataset="normal")
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
        memory.fill("722880", *NORMAL_YEAR, dataset="normal", skip=49)
        with pytest.raises(MeterFailure) as failure:
            completed(observed)
        assert str(failure.value).startswith(
            "Station 722880 lacks 49 of the 8,760 hours of normal temperatures, from 01-01T00:00Z to 01-03T00:00Z."
        )
        assert "weather_files/" in str(failure.value)

    def test_may_have_a_gap_of_two_days(self, memory: Memory, observed: dict[str, Any]) -> None:
        (first, *_) = nearest_normal_stations(ZIPCODE)
        memory.fill(first.station, *NORMAL_YEAR, dataset="normal", skip=48)
        completed(observed)
        assert observed["weather_normal"]["rank"] == 1


class TestRememberedLists:
    def test_are_used_if_they_give_enough_hours(self, memory: Memory) -> None:
        memory.fill(FIRST, *YEAR)
        memory.fill(FIRST, *NORMAL_YEAR, dataset="normal")
        memory.remember()
        memory.series.clear()
        document = meter_input(FIRST, weather_normal={"station": FIRST})
        assert len(completed(document)["records"]) == len(document["weather_normal"]["records"]) == 8760

    @pytest.mark.parametrize("missing", [8760, 2000])
    def test_are_made_again_before_a_run_fails_or_fetches(
        self, memory: Memory, server: FileServer, missing: int
    ) -> None:
        memory.settings.normal_source, memory.settings.normal_url = "tmy3", server.url
        memory.fill(FIRST, *YEAR, skip=missing)
        memory.fill(FIRST, *NORMAL_YEAR, dataset="normal", skip=missing)
        memory.remember()
        memory.fill(FIRST, *YEAR)
        memory.fill(FIRST, *NORMAL_YEAR, dataset="normal")
        document = meter_input(FIRST, weather_normal={"station": FIRST})
        assert len(completed(document)["records"]) == len(document["weather_normal"]["records"]) == 8760
        assert server.asked == []


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
        weather.add_weather(document, since=now(), read_only=True)
        assert {key: len(document[key]["records"]) for key in ("weather", "weather_normal")} == {
            "weather": 8760,
            "weather_normal": 8760,
        }
        assert "to_fetch" not in document["weather"] | document["weather_normal"]
        assert server.asked == []

    def test_reports_what_a_run_would_fetch(self, server: FileServer, document: dict[str, Any]) -> None:
        weather.add_weather(document, since=now(), read_only=True)
        assert document["weather"]["station"] == document["weather_normal"]["station"] == FIRST
        assert document["weather"]["to_fetch"] == {"source": "isd", "years": [2007, 2008]}
        assert document["weather_normal"]["to_fetch"] == {"source": "tmy3", "years": []}
        for name in ("weather", "weather_normal"):
            assert [value for _, value in document[name]["records"]] == [None]
        assert server.asked == []

    def test_chooses_the_same_station_as_a_run(self, memory: Memory, server: FileServer) -> None:
        memory.fill(SECOND, *YEAR)
        nearest = meter_input(weather_normal={"records": []})
        weather.add_weather(nearest, since=now(), read_only=True)
        assert (nearest["weather"]["station"], "to_fetch" in nearest["weather"]) == (FIRST, True)
        for year in (2007, 2008):
            memory.notes[fetches._key("isd", FIRST, year)] = {"asked": datetime.now(UTC).isoformat(), "found": False}
        second = meter_input(weather_normal={"records": []})
        weather.add_weather(second, since=now(), read_only=True)
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
            weather.add_weather(meter_input(FIRST), since=now(), read_only=True)
        assert server.asked == []  # not even for the reason
