from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.results.derivatives import DERIVATIVES_PER_RUN, derivative_ids


@given(st.integers(1, 10**9))
def test_derivative_ids_are_consecutive_over_runs(run: int) -> None:
    assert len(derivative_ids(run)) == DERIVATIVES_PER_RUN
    assert derivative_ids(run).stop == derivative_ids(run + 1).start


def test_derivative_ids_start_at_1() -> None:
    assert derivative_ids(1).start == 1
