"""The sums of the chunks give the same result as one sum over all derivatives, in any split and order."""

import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aggregation.sums import partial_sum
from chalicelib.jobs import fan_in
from chalicelib.store.runs import aggregation_runs, partial_sums
from chalicelib.store.shared import documents
from chalicelib.store.shared.rows import Rows
from chalicelib.store.tables.runs import AggregationRun
from chalicelib.vocabulary import UNCERTAINTY_METHODS

SUPPLIED = "ELECTRICITY_CONSUMPTION_SUPPLIED"
NUMBERS = [f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "lower", "upper", "n")]

number = st.floats(0, 1e9)
derivatives = st.fixed_dictionaries(
    {
        **{name: st.integers(0, 366) if name.endswith("_n") else number for name in NUMBERS},
        "reporting_upper": st.none() | number,  # so that some are rejected
        "uncertainty": st.sampled_from(UNCERTAINTY_METHODS),
        "systematic_error": st.none() | number,
    }
)


def ended(chunks: list[list[dict[str, Any]]]) -> tuple[Any, ...]:
    """How a run with these chunks ends, after a JSON round trip of its partials; output rows are sorted."""
    partials = [json.loads(json.dumps(partial_sum(chunk, SUPPLIED)._asdict())) for chunk in chunks]
    run = AggregationRun(id=1, trace_interpretation=SUPPLIED, aggregation_interpretation="SUM")
    outcome: list[Any] = []
    outputs: list[Any] = []

    def succeed(
        run: AggregationRun, aggregated: Any, accepted: int, methods: list[str], ids: list[int] | None, rows: Rows
    ) -> None:
        rows.store("key", "[", "]")
        outcome.extend([aggregated, accepted, methods, ids and sorted(ids)])

    with (
        mock.patch.object(partial_sums, "of", return_value=partials),
        mock.patch.object(aggregation_runs, "succeed", succeed),
        mock.patch.object(aggregation_runs, "fail", lambda run, reason: outcome.append(reason)),
        mock.patch.object(documents, "put_file", lambda key, file: outputs.extend(json.load(file))),
    ):
        fan_in._fan_in(run)
    return *outcome, sorted(outputs, key=lambda row: int(row["derivative"]))


@given(st.lists(derivatives, min_size=1, max_size=20), st.data())
def test_the_result_does_not_depend_on_split_or_order(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    whole = [{"label": label, **row} for label, row in enumerate(rows, 1)]
    shuffled = data.draw(st.permutations(whole))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=4)))
    chunks = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert ended(chunks) == ended([whole])


def test_the_output_has_the_method_and_systematic_error_of_each_derivative() -> None:
    numbers = dict(zip(NUMBERS, [100.0, 1.0, 1.0, 365, 90.0, 1.0, 1.0, 365], strict=True))
    one = {"label": 3, **numbers, "uncertainty": "regression", "systematic_error": 0.5}
    other = {"label": 6, **numbers, "uncertainty": "bootstrap", "systematic_error": None}
    aggregated, accepted, methods, ids, rows = ended([[one], [other]])
    assert (aggregated["systematic_error"], aggregated["systematic_error_n"]) == (0.5, 1)
    assert (accepted, methods, ids) == (2, ["bootstrap", "regression"], [3, 6])
    assert [(row["derivative"], row["uncertainty"], row["systematic_error"]) for row in rows] == [
        (3, "regression", 0.5),
        (6, "bootstrap", None),
    ]


def test_a_result_lists_the_ids_only_if_they_fit_into_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = dict.fromkeys(NUMBERS, 1) | {"uncertainty": "regression", "systematic_error": None}
    chunks = [[{"label": label, **numbers}] for label in (1, 2, 3)]
    monkeypatch.setattr(fan_in, "MAX_IDS", 3)
    assert ended(chunks)[3] == [1, 2, 3]
    monkeypatch.setattr(fan_in, "MAX_IDS", 2)
    *_, ids, rows = ended(chunks)
    assert ids is None
    assert [row["derivative"] for row in rows] == [1, 2, 3]
