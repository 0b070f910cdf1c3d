"""Which derivatives may be added up: those of one trace interpretation, one derivative interpretation and one unit,
and of one method of their intervals, unless the request mixes several.

Derivatives are given by how many of each kind have which unit, or which method of their intervals.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from chalicelib.vocabulary import SHORT_CODES, Kind


class DisagreementError(Exception):
    """Derivatives that cannot be added up; `problems` are (field of the request, sentence), "" for no single field."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__(" ".join(sentence for _, sentence in problems))
        self.problems = problems


def single(found: Mapping[Kind, Mapping[str, int]], passed_over: Mapping[Kind, int]) -> tuple[Kind, str]:
    """The one kind and the one unit of the derivatives found; `passed_over` are those that the filters left out.

    Raises DisagreementError, with what was found, when there are several or none.
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
            problems.append((field, f"The derivatives are of {_listed(counts.items())}; name the one to add up."))
    if problems:
        raise DisagreementError(*problems)
    (kind,) = found
    return kind, unit_of(kind, found[kind])


def unit_of(kind: Kind, units: Mapping[str, int]) -> str:
    """The one unit of derivatives of a kind. Raises DisagreementError when there are several."""
    if len(units) > 1:
        given = _listed(units.items())
        raise DisagreementError(("", f"The derivatives of {_shown(kind)} have different units: {given}."))
    (unit,) = units
    return unit


def check_methods(methods: Mapping[str, int], *, mix: bool) -> None:
    """Refuse to add up intervals of several methods, unless `mix`; `methods`: how many have each.

    Raises DisagreementError, with what was found and what to do.
    """
    if len(methods) > 1 and not mix:
        sentence = (
            f"The intervals of the derivatives are of different methods: {_listed(methods.items())}; run the meters "
            'again with one `uncertainty`, or send "mix_uncertainty": true to add them up as they are.'
        )
        raise DisagreementError(("mix_uncertainty", sentence))


def nothing_matches(passed_over: Mapping[Kind, int]) -> str:
    """Why there is nothing to add up."""
    if not passed_over:
        return "Nothing matches: none of what is named has a derivative, which a successful meter run gives."
    given = _listed((_shown(kind), count) for kind, count in passed_over.items())
    return f"Nothing matches the interpretations asked for; what is named has derivatives of {given}."


def _shown(kind: Kind) -> str:
    return f"{SHORT_CODES[kind.trace_interpretation]} {kind.derivative_interpretation}"


def _listed(counts: Iterable[tuple[str, int]]) -> str:
    """Such as "E_C_S (12) and NG_C_S (8)"."""
    *others, last = [f"{name} ({count:,})" for name, count in sorted(counts)]
    return f"{', '.join(others)} and {last}" if others else last
