"""The check of a meter reports what its run would."""

from collections.abc import Callable

import pytest

from chalicelib.metering import check_meter
from infra.local import portfolio
from tests.unit.metering.real_meters.samples import BILLS, ELECTRICITY, Document, changed, cooling_only, failure_of

pytestmark = pytest.mark.slow


class TestTheCheck:
    @pytest.mark.parametrize("sample", [ELECTRICITY, BILLS, "il-gas-hdd-only-hourly"])
    def test_the_check_has_the_report_of_the_run(self, sample: str, unchanged: Callable[[str], Document]) -> None:
        found, output = check_meter(portfolio.meter_input(sample)), unchanged(sample)
        assert found["data_quality"] == output["data_quality"]
        assert found["failure"] is None
        for period, report in output["models"].items():
            assert report["data_quality"] == found["data_quality"][period]
            of_period = [{**one, "period": period} for one in report["warnings"] if "poor_fit" not in one["name"]]
            assert [one for one in found["warnings"] if one["period"] == period] == of_period

    def test_the_check_predicts_the_failure_of_the_run(self) -> None:
        document = changed(ELECTRICITY, cooling_only)
        found, failure = check_meter(document), failure_of(document)
        assert found["failure"] == {"reason": failure.reason, "message": str(failure)}
        assert found["data_quality"] == failure.data_quality

    @pytest.mark.parametrize("document", [{}, {"type": "SINGLE_TRACE_SIMPLE_PROJECT"}])
    def test_the_check_of_unreadable_input_is_a_failure(self, document: Document) -> None:
        assert check_meter(document)["failure"]["reason"] == "data"
