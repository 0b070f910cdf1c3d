"""Documents survive a round trip, including those that only the standard library's json can encode."""

import gzip
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
        self.objects: dict[str, dict[str, Any]] = {}

    def put_object(self, Key: str, **stored: Any) -> None:  # noqa: N803  # boto3's names
        self.objects[Key] = stored

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {**self.objects[Key], "Body": io.BytesIO(self.objects[Key]["Body"])}


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
    stored = bucket.objects["key"]
    assert stored["ContentEncoding"] == "gzip"
    assert json.loads(gzip.decompress(stored["Body"])) == document
    assert documents.get("key") == document


def test_a_document_of_an_earlier_version_is_not_compressed(bucket: Bucket) -> None:
    bucket.put_object("key", Body=b'{"records": []}')
    assert documents.get("key") == {"records": []}


@pytest.mark.parametrize("document", ["\ud800", {"\udc00": 1}, 2**64, -(2**70), 2**64 + 1])
def test_a_document_that_orjson_cannot_encode_survives_a_round_trip(bucket: Bucket, document: Any) -> None:
    documents.put("key", {"of": document})
    assert documents.get("key") == {"of": document}


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://b.example.com/meter_inputs/0a-b.json?X-Amz-Date=1", "meter_inputs/0a-b.json"),
        ("https://b.example.com/meter_inputs/" + "a" * 1_025 + ".json", None),
        ("https://b.example.com/meter_inputs/../meter_outputs/a.json", None),
        ("https://b.example.com/meter_inputs/%2e%2e/a.json", None),
        ("https://b.example.com/meter_inputs/a.json/", None),
        ("https://b.example.com/meter_inputs/.json", None),
        ("https://b.example.com/meter_outputs/a.json", None),
        ("http://b.example.com/meter_inputs/a.json", None),
        ("https://[::1", None),
        ("https://b.example.com:x]/", None),
        ("", None),
    ],
)
def test_the_url_of_a_meter_input_has_its_key(monkeypatch: pytest.MonkeyPatch, address: str, key: str | None) -> None:
    monkeypatch.setattr(documents, "url", lambda key: f"https://b.example.com/{key}?X-Amz-Date=2")
    assert documents.key_of(address) == key
