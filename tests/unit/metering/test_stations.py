import pytest

from chalicelib.metering import MeterFailure
from chalicelib.metering.stations import match_normal_station, match_station


@pytest.mark.parametrize(("zipcode", "station"), [("62707", "724390"), ("62707-1234", "724390"), ("94601", "724930")])
def test_the_nearest_good_station(zipcode: str, station: str) -> None:
    assert match_station(zipcode) == station


def test_the_nearest_station_with_a_normal_year() -> None:
    assert match_normal_station("62707") == "724390"


@pytest.mark.parametrize("zipcode", ["00000", "6270"])
def test_an_unknown_zip_code_is_named(zipcode: str) -> None:
    with pytest.raises(MeterFailure, match=r"ZIP code .* is not known"):
        match_station(zipcode)


@pytest.mark.parametrize("zipcode", ["", " ", None])
def test_a_project_without_a_zip_code_needs_its_stations(zipcode: str | None) -> None:
    with pytest.raises(MeterFailure, match="no zipcode and no weather_station: give it one of the two"):
        match_station(zipcode)
    with pytest.raises(MeterFailure, match="no zipcode and no weather_normal_station: give it one of the two"):
        match_normal_station(zipcode)
