"""Documents survive a round trip, including those that only the standard library's json can encode."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.shared import documents

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=20,
)


class Bucket:
    """An in-memory bucket with the two S3 calls that documents make."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put_object(self, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803  # boto3's names
        self.bodies[Key] = Body

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.bodies[Key])}


@pytest.fixture(scope="module")
def bucket() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        found = Bucket()
        patch.setattr(documents, "client", lambda: found)
        patch.setattr(documents, "settings", lambda: type("Settings", (), {"bucket": "a"}))
        yield found


@given(document=JSON)
def test_a_document_survives_a_round_trip(bucket: Bucket, document: Any) -> None:
    documents.put("key", document)
    assert json.loads(bucket.bodies["key"]) == document
    assert documents.get("key") == document


@pytest.mark.parametrize("document", ["\ud800", {"\udc00": 1}, 2**64, -(2**70), 2**64 + 1])
def test_a_document_that_orjson_cannot_encode_survives_a_round_trip(bucket: Bucket, document: Any) -> None:
    documents.put("key", {"of": document})
    assert documents.get("key") == {"of": document}
