import pytest

from chalicelib.api.http.preferences import prefers_async


@pytest.mark.parametrize(
    ("header", "asynchronous"),
    [
        ("respond-async", True),
        ("Respond-Async", True),
        ("return=minimal, respond-async", True),
        ("respond-async, wait=10", True),
        ("respond-async;foo=bar", True),
        ('respond-async=""', True),
        ('foo="a, b" , respond-async', True),
        ("", False),
        ("wait=10", False),
        ("respond-asynchronously", False),
        ('foo="respond-async"', False),
        (r'foo="a \", respond-async, b"', False),
        ("foo; respond-async", False),
    ],
)
def test_a_preference_is_found_among_others(header: str, asynchronous: bool) -> None:
    assert prefers_async({"prefer": header}) is asynchronous


def test_without_a_preference_a_request_is_synchronous() -> None:
    assert not prefers_async({})
