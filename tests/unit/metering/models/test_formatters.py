import pandas as pd
import pytest

from chalicelib.metering.models.formatters import DaysBaselineData


def days(count: int) -> DaysBaselineData:
    index = pd.date_range("2016-01-01", periods=count, freq="D", tz="America/Chicago")
    hours = pd.Series(50.0, index=pd.date_range(index[0], periods=24 * (count + 1), freq="h"))
    data: DaysBaselineData = DaysBaselineData.from_series(pd.Series(10.0, index=index), hours, is_electricity_data=True)
    return data


@pytest.mark.parametrize("count", [329, 365, 366])
def test_a_year_has_up_to_366_days(count: int) -> None:
    assert not days(count).disqualification


@pytest.mark.parametrize("count", [328, 367])
def test_fewer_or_more_are_disqualified(count: int) -> None:
    assert [one.qualified_name for one in days(count).disqualification] == [
        "eemeter.sufficiency_criteria.incorrect_number_of_total_days"
    ]
