import pytest

from chalicelib.metering import MeterFailure
from chalicelib.metering.inputs.frequency import find_frequency
from tests.unit.metering.readings import every, readings


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("15min", "15min"),
        ("30min", "30min"),
        ("h", "hourly"),
        ("D", "daily"),
        ("MS", "billing_monthly"),
        ("2MS", "billing_bimonthly"),
    ],
)
def test_frequency_over_clock_changes(step: str, name: str) -> None:
    assert find_frequency(readings(every(step, "2016-01-01", "2016-12-31"))).name == name


def test_gaps_and_one_odd_bill_do_not_change_the_frequency() -> None:
    bills = every("MS", "2016-01-01", "2017-01-01").delete([3, 4])
    assert find_frequency(readings(bills)).name == "billing_monthly"
    days = every("D", "2016-01-01", "2017-01-01")
    assert find_frequency(readings(days.delete(range(40, 90)))).name == "daily"


def test_quarterly_bills_are_rejected() -> None:
    with pytest.raises(MeterFailure, match="at most 70 days"):
        find_frequency(readings(every("QS", "2015-01-01", "2018-01-01")))
