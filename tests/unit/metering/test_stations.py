import pytest

from chalicelib.metering import MeterFailure
from chalicelib.metering.stations import (
    MAX_DISTANCE_KM,
    MAX_STATIONS,
    nearest_normal_stations,
    nearest_stations,
)


@pytest.mark.parametrize(("zipcode", "station"), [("62707", "724390"), ("62707-1234", "724390"), ("94601", "724930")])
def test_the_nearest_good_station(zipcode: str, station: str) -> None:
    assert nearest_stations(zipcode)[0].station == station


def test_the_nearest_station_with_a_normal_year() -> None:
    assert nearest_normal_stations("62707")[0].station == "724390"


@pytest.mark.parametrize("nearest", [nearest_stations, nearest_normal_stations])
def test_stations_are_ordered_by_distance(nearest: object) -> None:
    ranked = nearest("94601")  # type: ignore[operator]
    assert len({one.station for one in ranked}) == MAX_STATIONS
    assert [one.rank for one in ranked] == list(range(1, MAX_STATIONS + 1))
    distances = [one.distance_km for one in ranked]
    assert distances == sorted(distances)
    assert 0 < distances[0] < distances[-1] <= MAX_DISTANCE_KM


def test_not_every_good_station_has_a_normal_year() -> None:
    assert nearest_stations("94601")[1].station != nearest_normal_stations("94601")[1].station


@pytest.mark.parametrize("zipcode", ["00000", "6270"])
def test_an_unknown_zip_code_is_reported(zipcode: str) -> None:
    with pytest.raises(MeterFailure, match=r"ZIP code .* is unknown"):
        nearest_stations(zipcode)


@pytest.mark.parametrize("zipcode", ["", " ", None])
def test_a_project_without_a_zip_code_needs_its_stations(zipcode: str | None) -> None:
    with pytest.raises(MeterFailure, match="neither a zipcode nor a weather_station: set one of them"):
        nearest_stations(zipcode)
    with pytest.raises(MeterFailure, match="neither a zipcode nor a weather_normal_station: set one of them"):
        nearest_normal_stations(zipcode)
