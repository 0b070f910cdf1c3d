import io
from array import array

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.series.npz import Array, pack, unpack

starts = st.lists(st.integers(-(2**63), 2**63 - 1))


@given(starts)
def test_numpy_can_read_packed_columns(values: list[int]) -> None:
    columns: dict[str, Array] = {
        "starts": array("q", values),
        "values": array("d", map(float, values)),
        "estimated": array("B", [value % 2 for value in values]),
    }
    with np.load(io.BytesIO(pack(columns))) as loaded:
        assert loaded["starts"].dtype == np.int64
        for name, column in columns.items():
            assert loaded[name].tolist() == column.tolist()


@given(st.lists(st.floats()))
def test_unpack_returns_the_same_bits(values: list[float]) -> None:
    column = array("d", values)
    assert unpack(pack({"values": column}))["values"].tobytes() == column.tobytes()
