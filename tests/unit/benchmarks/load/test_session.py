"""What every response must satisfy."""

import pytest
import requests

from benchmarks.load.session import MAX_BYTES, Session, faults


def response(status: int, body: str = "{}", **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = body.encode()
    made.encoding = "utf-8"
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


@pytest.mark.parametrize(
    ("given", "seconds", "sentence"),
    [
        (response(503), 1.0, "without a Retry-After"),
        (response(429, Retry_After="soon"), 1.0, "without a Retry-After"),
        (response(500), 1.0, "returned 500 after 1.0 s"),
        (response(504), 1.0, "returned 504"),
        (response(200, '"' * (MAX_BYTES // 2)), 1.0, "more than a Lambda function can"),
        (response(200), 29.5, "longer than API Gateway waits"),
    ],
)
def test_a_broken_promise_is_a_fault(given: requests.Response, seconds: float, sentence: str) -> None:
    (found,) = faults("GET projects/", given, seconds)
    assert sentence in found


def test_a_limit_with_retry_after_and_a_refusal_are_none() -> None:
    assert not faults("GET projects/", response(503, Retry_After="2"), 1.0)
    assert not faults("GET projects/", response(404), 1.0)


class Scripted(Session):
    """A session whose responses are given."""

    def __init__(self, *responses: requests.Response) -> None:
        super().__init__("http://api/", "token")
        self.responses = list(responses)

    def _once(self, method: str, path: str, **given: object) -> requests.Response | None:
        return self.responses.pop(0)


def test_a_request_at_a_limit_is_repeated() -> None:
    session = Scripted(response(503, Retry_After="0"), response(429, Retry_After="0"), response(204))
    found = session.call("DELETE", "projects/1/")
    assert found is not None
    assert found.status_code == 204


def test_a_404_is_right_only_for_a_deletion_that_was_repeated() -> None:
    repeated = Scripted(response(503, Retry_After="0"), response(404))
    assert repeated.call("DELETE", "projects/1/", if_repeated=(404,)) is not None
    assert not repeated.faults
    first = Scripted(response(404))
    assert first.call("DELETE", "projects/1/", if_repeated=(404,)) is None
    assert "DELETE projects/1/ returned 404" in first.faults[0]
