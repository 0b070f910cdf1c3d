"""What an aggregation run is asked for, and its input: a document with the derivatives that it adds up."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib import deadline
from chalicelib.store.collections.trace_groups import Member
from chalicelib.store.results.choosing import Chosen, Selection
from chalicelib.store.shared import documents
from chalicelib.store.shared.rows import text_of
from chalicelib.store.tables.runs import AggregationRun
from chalicelib.vocabulary import SHORT_CODES

INPUTS = "aggregation_inputs"


@dataclass(frozen=True)
class AggregationSpec:
    """A client's request for an aggregation run."""

    aggregation_interpretation: str
    projects: Sequence[int] = ()
    traces: Sequence[int] = ()
    derivatives: Sequence[int] = ()
    group: int | None = None
    after_batch: int | None = None
    trace_interpretation: str | None = None  # full name
    derivative_interpretation: str | None = None
    mix_uncertainty: bool = False

    def selection(self, members: Iterable[Member]) -> Selection:
        """The selection of derivatives; `members` are the members of the group."""
        return Selection(
            projects=self.projects,
            traces=self.traces,
            derivatives=self.derivatives,
            members=members,
            trace_interpretations=[self.trace_interpretation] if self.trace_interpretation else [],
            derivative_interpretations=[self.derivative_interpretation] if self.derivative_interpretation else [],
        )


def new_key(run: AggregationRun) -> str:
    """A key for the input of a run, new each time, since inputs never change."""
    return f"{INPUTS}/{run.document}/{uuid.uuid4()}.json"


class AggregationInput:
    """The input of a run under construction."""

    def __init__(self, run: AggregationRun, spec: AggregationSpec, chosen: Chosen | None) -> None:
        self._key = (chosen and chosen.draft.rows.key) or new_key(run)
        asked = asdict(spec)
        if spec.trace_interpretation is not None:
            asked["trace_interpretation"] = SHORT_CODES[spec.trace_interpretation]
        self._chosen = chosen
        self._document: dict[str, Any] = {"type": "BASIC_AGGREGATION", "specification": asked}
        self.attributes: dict[str, Any] = {"aggregation_input": self._key}  # of the run, which describe the input
        if chosen is None:
            return
        kind = chosen.kind
        self._document |= {
            "aggregation_interpretation": spec.aggregation_interpretation,
            "trace_interpretation": SHORT_CODES[kind.trace_interpretation],
            "derivative_interpretation": kind.derivative_interpretation,
            "unit": chosen.unit,
        }
        without = ",".join(
            text_of({"project": project or None, "trace": trace}) for trace, project in chosen.without_result
        )
        before = text_of(self._document)[:-1] + f',"without_result":[{without}]'
        self._before = before + ',"derivatives":{"type":"DERIVATIVE_PAIRS","derivative_pairs":['
        self.attributes |= {
            "chunks": chosen.draft.rows.offsets(self._before),
            **kind._asdict(),
            "unit": chosen.unit,
            "eemeter_version": ", ".join(sorted(chosen.draft.eemeter_versions)),
        }

    def store(self) -> None:
        """Store the input. Raises DeadlineExceededError."""
        deadline.check()
        if self._chosen is None:
            documents.put(self._key, {**self._document, "derivatives": None})
        else:
            self._chosen.draft.rows.store(self._key, self._before, "]}}")
