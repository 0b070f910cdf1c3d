from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.store.shared import pages


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(1, 400)), st.integers(1, 150), st.integers(1, 7))
def test_the_pages_add_up_to_the_whole_list(
    monkeypatch: pytest.MonkeyPatch, existing: set[int], limit: int, divisor: int
) -> None:
    def get_many(model: Any, ids: Iterable[int]) -> dict[int, Any]:
        return {id: SimpleNamespace(id=id) for id in ids if id in existing}

    monkeypatch.setattr(pages, "get_many", get_many)
    found, after = [], 0
    while True:
        page = pages.walk(
            SimpleNamespace,  # type: ignore[type-var]
            range(1, max(existing, default=0) + 1),
            after,
            limit,
            lambda item: item.id % divisor == 0,
        )
        assert len(page.items) <= limit
        found += [item.id for item in page.items]
        if page.next is None:
            break
        assert page.next > after
        after = page.next
    assert found == sorted(id for id in existing if id % divisor == 0)


def test_a_page_that_ends_with_the_last_id_has_no_next_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "get_many", lambda model, ids: {id: SimpleNamespace(id=id) for id in ids})
    assert pages.walk(SimpleNamespace, range(1, 11), 0, 10).next is None  # type: ignore[type-var]
    assert pages.walk(SimpleNamespace, range(1, 11), 0, 9).next == 9  # type: ignore[type-var]


def test_none_matches_any_value() -> None:
    keep = pages.matches(status="FAILED", batch=None)
    assert keep(SimpleNamespace(status="FAILED", batch=3))
    assert not keep(SimpleNamespace(status="SUCCESS", batch=3))
