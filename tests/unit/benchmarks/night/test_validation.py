"""The comparison of the model with a batch on a local stack."""

import pytest

from benchmarks.night.validation import Sample, largest_difference, model, seconds_of_a_run

COURSE = [Sample(2 + 0.5 * n, min(100, 4 * n)) for n in range(26)]  # 8 runs per second after a request of two seconds


def test_the_time_of_a_run_is_measured_from_the_first_runs() -> None:
    assert seconds_of_a_run(COURSE, 2, 100) == pytest.approx(0.25)


def test_the_model_follows_a_batch_of_even_runs() -> None:
    night = model(100, 2, 2.0, 0.25)
    assert night.duration == pytest.approx(COURSE[-1].at, abs=1.5)  # it begins while messages are being sent
    assert largest_difference(COURSE, night) < 0.1
