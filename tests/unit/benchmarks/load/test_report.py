"""The table of requests, and which processes have grown."""

from benchmarks.load.processes import SERVER, Sample, memory
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


def grown(function: str, *samples: tuple[float, float, float]) -> bool:
    return memory(function, 1, [Sample(*sample) for sample in samples]).grown


def test_a_functions_process_that_grows_after_its_warm_up_is_found() -> None:
    start = (0, 1, 50), (59, 11, 60)
    assert grown("APIHandler", *start, (61, 12, 100), (600, 30, 111))
    assert not grown("APIHandler", *start, (61, 12, 100), (600, 30, 109))
    assert not grown("APIHandler", (0, 1, 50), (61, 2, 60), (500, 11, 100), (600, 30, 109))  # idle until then
    assert not grown("APIHandler", *start, (61, 12, 100), (70, 13, 120))  # hardly worked since
    assert not grown(SERVER, *start, (61, 12, 100), (600, 30, 200))
