"""The tables of the load test, and which processes it judges."""

from benchmarks.load.processes import SERVER, Memory
from benchmarks.load.report import by_route
from benchmarks.load.session import Call


def test_requests_are_listed_by_route() -> None:
    calls = [Call("GET b/", 200, seconds / 100) for seconds in range(1, 102)] + [Call("GET a/", 503, 2.0)]
    *rows, total = list(by_route(calls))[2:]
    assert rows == [
        "| GET a/ | 1 | 1 of 503 | 2,000 | 2,000 | 2,000 | 2,000 |",
        "| GET b/ | 101 | 0 | 510 | 960 | 1,000 | 1,010 |",
    ]
    assert total.startswith("| all | 102 | 1 of 503 | 515 | ")


def test_a_functions_process_that_grows_is_judged() -> None:
    assert Memory("APIHandler", 1, 100.0, 111.0, 600.0).grown
    assert not Memory("APIHandler", 1, 100.0, 109.0, 600.0).grown
    assert not Memory("APIHandler", 1, 100.0, 200.0, 90.0).grown  # too young
    assert not Memory(SERVER, 1, 100.0, 200.0, 600.0).grown  # it keeps the data
