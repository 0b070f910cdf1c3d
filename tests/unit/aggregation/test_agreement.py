"""Derivatives agree, or the error states what was found."""

import pytest

from chalicelib.aggregation.agreement import DisagreementError, check_methods, single
from chalicelib.vocabulary import Kind

ELECTRICITY, GAS = "ELECTRICITY_CONSUMPTION_SUPPLIED", "NATURAL_GAS_CONSUMPTION_SUPPLIED"
NORMAL, PREDICTED = "annualized_weather_normal", "gross_predicted"


def test_one_kind_and_one_unit_agree() -> None:
    kind = Kind(ELECTRICITY, NORMAL)
    assert single({kind: {"KWH": 3}}, {}) == (kind, "KWH")


@pytest.mark.parametrize(
    ("kinds", "fields"),
    [
        ([(ELECTRICITY, NORMAL), (GAS, NORMAL)], ["trace_interpretation"]),
        ([(GAS, NORMAL), (GAS, PREDICTED)], ["derivative_interpretation"]),
        ([(ELECTRICITY, NORMAL), (GAS, PREDICTED)], ["trace_interpretation", "derivative_interpretation"]),
    ],
)
def test_several_kinds_are_reported_by_field(kinds: list[tuple[str, str]], fields: list[str]) -> None:
    with pytest.raises(DisagreementError) as raised:
        single({Kind(*kind): {"KWH": 1200 + index} for index, kind in enumerate(kinds)}, {})
    assert [field for field, _ in raised.value.problems] == fields
    assert "1,20" in str(raised.value)
    if "trace_interpretation" in fields:
        assert "E_C_S (1,200) and NG_C_S (1,201)" in str(raised.value)


def test_units_are_never_mixed() -> None:
    with pytest.raises(DisagreementError, match=r"KWH \(2\) and THERM \(1\)"):
        single({Kind(ELECTRICITY, NORMAL): {"KWH": 2, "THERM": 1}}, {})


def test_uncertainty_methods_are_mixed_only_on_request() -> None:
    check_methods({"regression": 1200}, mix=False)
    check_methods({"regression": 1200, "caltrack": 3}, mix=True)
    with pytest.raises(DisagreementError, match=r"caltrack \(3\) and regression \(1,200\)") as raised:
        check_methods({"regression": 1200, "caltrack": 3}, mix=False)
    ((field, sentence),) = raised.value.problems
    assert field == "mix_uncertainty"
    for remedy in ("run the meters again with one `uncertainty`", '"mix_uncertainty": true'):
        assert remedy in sentence


def test_an_empty_selection_states_what_exists_instead() -> None:
    with pytest.raises(DisagreementError, match="the selection has no derivatives"):
        single({}, {})
    with pytest.raises(DisagreementError, match=r"has derivatives of NG_C_S gross_predicted \(7\)"):
        single({}, {Kind(GAS, PREDICTED): 7})
