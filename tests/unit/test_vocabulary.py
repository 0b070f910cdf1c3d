"""Units: every common spelling is understood and converted exactly."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.vocabulary import HeatContentError, normalized_unit

ELECTRICITY, GAS = "ELECTRICITY_CONSUMPTION_SUPPLIED", "NATURAL_GAS_CONSUMPTION_SUPPLIED"
BTU = Fraction("1055.05585262")  # J, International Table
JOULES = {
    "Wh": Fraction(3600),
    "kWh": Fraction(3_600_000),
    "MWh": Fraction(3_600_000_000),
    "GWh": Fraction(3_600_000_000_000),
    "Btu": BTU,
    "kBtu": BTU * 1000,
    "MMBtu": BTU * 1_000_000,
    "MJ": Fraction(1_000_000),
    "GJ": Fraction(1_000_000_000),
}
OF_GAS = {"therms": BTU * 100_000, "Dth": BTU * 1_000_000}
CUBIC_FEET = {
    "cf": 1,
    "CCF": 100,
    "HCF": 100,
    "100s of cubic feet": 100,
    "MCF": 1000,
    "MMCF": 1_000_000,
    "m3": 1 / 0.028316846592,
    "m³": 1 / 0.028316846592,
    "cubic metres": 1 / 0.028316846592,
}


@pytest.mark.parametrize(
    ("interpretation", "unit", "joules"),
    [(ELECTRICITY, *unit) for unit in JOULES.items()] + [(GAS, *unit) for unit in (JOULES | OF_GAS).items()],
)
def test_an_energy_is_converted_exactly(interpretation: str, unit: str, joules: Fraction) -> None:
    name, own = ("THERM", BTU * 100_000) if interpretation == GAS else ("KWH", Fraction(3_600_000))
    assert normalized_unit(unit, interpretation) == (name, float(joules / own))


@pytest.mark.parametrize(
    ("unit", "interpretation", "expected"),
    [
        ("kWh", ELECTRICITY, ("KWH", 1.0)),
        ("Wh", "", ("KWH", 0.001)),
        ("MWh", "", ("KWH", 1000.0)),
        ("THERM", GAS, ("THERM", 1.0)),
        ("th", "", ("THERM", 1.0)),
        ("Dth", "", ("THERM", 10.0)),
        ("kBtu", "", ("THERM", 0.01)),
        ("Kilowatt-hours", "", ("KWH", 1.0)),
    ],
)
def test_well_known_factors(unit: str, interpretation: str, expected: tuple[str, float]) -> None:
    assert normalized_unit(unit, interpretation) == expected


@given(
    st.sampled_from(sorted(JOULES)),
    st.floats(-1e9, 1e9, allow_subnormal=False),
    st.sampled_from([str.lower, str.upper, str.title, " {} ".format, "{}s".format]),
)
def test_kwh_and_therms_are_consistent(unit: str, value: float, spelled: Callable[[str], str]) -> None:
    kwh = value * normalized_unit(spelled(unit), ELECTRICITY)[1]
    therms = value * normalized_unit(spelled(unit), GAS)[1]
    assert kwh * normalized_unit("kWh", GAS)[1] == pytest.approx(therms, rel=1e-14)
    assert therms / normalized_unit(spelled(unit), GAS)[1] == pytest.approx(value, rel=1e-14)


@given(st.sampled_from(sorted(CUBIC_FEET)), st.floats(301, 2999), st.floats(0, 1e6))
def test_a_volume_is_converted_by_its_heat_content(unit: str, btu: float, value: float) -> None:
    heat_content = btu * CUBIC_FEET[unit] / 100_000
    assert normalized_unit(unit, GAS, heat_content) == ("THERM", heat_content)
    again = normalized_unit("THERM", GAS, heat_content, posted_unit=unit)
    assert again == ("THERM", 1.0)
    in_cubic_feet = value * CUBIC_FEET[unit] * normalized_unit("cf", GAS, btu / 100_000)[1]
    assert value * heat_content == pytest.approx(in_cubic_feet, rel=1e-12)


@pytest.mark.parametrize("unit", CUBIC_FEET)
@pytest.mark.parametrize("btu", [0, -1036, 299, 3001, 103_600, 1.036])
def test_an_implausible_heat_content_is_rejected(unit: str, btu: float) -> None:
    with pytest.raises(HeatContentError, match=r"implausible for natural gas.*105\.5.*1,000"):
        normalized_unit(unit, GAS, btu * CUBIC_FEET[unit] / 100_000)


@pytest.mark.parametrize(
    ("unit", "typical"), [("CCF", "1.04"), ("MCF", "10.4"), ("m3", "0.366"), ("cf", "0.0104"), ("MMCF", "10,400")]
)
def test_a_volume_needs_its_heat_content(unit: str, typical: str) -> None:
    with pytest.raises(HeatContentError, match=f"add heat_content, the therms per {unit} .*about {typical}$"):
        normalized_unit(unit, GAS)
    with pytest.raises(HeatContentError, match=f"typically about {typical}\\)\\. "):
        normalized_unit(unit, GAS, 1e9)


@pytest.mark.parametrize(
    ("interpretation", "unit", "message"),
    [
        ("", "gallon", "kWh, .* for electricity; for gas, therms"),
        (GAS, "gallon", "'gallon' is not a supported unit; use therms, Dth"),
        (ELECTRICITY, "gallon", "use kWh, Wh"),
        (ELECTRICITY, "CCF", "'CCF' is a unit of gas, but ELECTRICITY_CONSUMPTION_SUPPLIED is electricity; use kWh"),
        (ELECTRICITY, "therms", "'therms' is a unit of gas"),
        (GAS, "MBtu", "is ambiguous: it can mean a thousand or a million Btu; use kBtu or MMBtu"),
        (ELECTRICITY, "MBTUs", "is ambiguous"),
        (GAS, "", "'' is not a supported unit"),
    ],
)
def test_an_unsupported_unit_is_rejected(interpretation: str, unit: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        normalized_unit(unit, interpretation)


@pytest.mark.parametrize("posted_unit", [None, "therms", "kWh"])
def test_a_heat_content_is_only_for_a_volume(posted_unit: str | None) -> None:
    with pytest.raises(HeatContentError, match=f"'{posted_unit or 'THERM'}' is a unit of energy; leave heat_content"):
        normalized_unit("THERM", GAS, 1.036, posted_unit)
