"""Check which derivatives can be summed: those with the same trace interpretation, derivative interpretation and unit,
and, unless the request allows mixing, the same uncertainty method.

The functions receive counts of derivatives: per kind and unit, or per uncertainty method.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from chalicelib.vocabulary import SHORT_CODES, Kind


class DisagreementError(Exception):
    """The derivatives cannot be summed; `problems` are pairs of request field ("" if none applies) and sentence."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


def single(found: Mapping[Kind, Mapping[str, int]], passed_over: Mapping[Kind, int]) -> tuple[Kind, str]:
    """Return the only kind and unit among the derivatives; `passed_over` are those that the filters excluded.

    Raises DisagreementError, stating what was found, if there are several or none.
    """
    if not found:
        raise DisagreementError(("", nothing_matches(passed_over)))
    problems = []
    for field in Kind._fields:
        counts = Counter[str]()
        for kind, units in found.items():
            name = getattr(kind, field)
            counts[SHORT_CODES.get(name, name)] += sum(units.values())
        if len(counts) > 1:
            what = field.replace("_", " ")
            problems.append((field, f"The derivatives have several {what}s: {_listed(counts.items())}; choose one."))
    if problems:
        raise DisagreementError(*problems)
    (kind,) = found
    return kind, unit_of(kind, found[kind])


def unit_of(kind: Kind, units: Mapping[str, int]) -> str:
    """Return the only unit of the derivatives of a kind. Raises DisagreementError if there are several."""
    if len(units) > 1:
        given = _listed(units.items())
        sentence = (
            f"The derivatives of {_shown(kind)} have different units: {given}; select derivatives of one unit, or run"
            " the other meters again."
        )
        raise DisagreementError(("", sentence))
    (unit,) = units
    return unit


def check_methods(methods: Mapping[str, int], *, mix: bool) -> None:
    """Raise DisagreementError if the derivatives use several uncertainty methods, unless `mix`.

    methods: the number of derivatives per method.
    """
    if len(methods) > 1 and not mix:
        sentence = (
            f"The derivatives use different uncertainty methods: {_listed(methods.items())}; run the meters again "
            'with one `uncertainty`, or send "mix_uncertainty": true to combine the intervals as they are.'
        )
        raise DisagreementError(("mix_uncertainty", sentence))


def nothing_matches(passed_over: Mapping[Kind, int]) -> str:
    """Return a sentence on why there is nothing to sum."""
    if not passed_over:
        return "Nothing matches: the selection has no derivatives. Only a successful meter run creates them."
    given = _listed((_shown(kind), count) for kind, count in passed_over.items())
    return f"Nothing matches the requested interpretations; the selection has derivatives of {given}."


def _shown(kind: Kind) -> str:
    return f"{SHORT_CODES[kind.trace_interpretation]} {kind.derivative_interpretation}"


def _listed(counts: Iterable[tuple[str, int]]) -> str:
    """Format counts, for example "E_C_S (12) and NG_C_S (8)"."""
    *others, last = [f"{name} ({count:,})" for name, count in sorted(counts)]
    return f"{', '.join(others)} and {last}" if others else last
