"""The outputs of eemeter's samples, each computed once."""

from collections.abc import Callable

import pytest

from chalicelib.metering import run_meter
from infra.local import portfolio
from tests.unit.metering.real_meters.samples import Document


@pytest.fixture(scope="session")
def unchanged() -> Callable[[str], Document]:
    outputs: dict[str, Document] = {}

    def output(sample: str) -> Document:
        if sample not in outputs:
            outputs[sample] = run_meter(portfolio.meter_input(sample))
        return outputs[sample]

    return output
