"""The field's words that every room shares: interpretations, methods of intervals, and units."""

from typing import Literal, NamedTuple, get_args

INTERPRETATIONS = {
    "E_C_S": "ELECTRICITY_CONSUMPTION_SUPPLIED",
    "E_C_T": "ELECTRICITY_CONSUMPTION_TOTAL",
    "E_C_N": "ELECTRICITY_CONSUMPTION_NET",
    "E_OSG_T": "ELECTRICITY_ON_SITE_GENERATION_TOTAL",
    "E_OSG_C": "ELECTRICITY_ON_SITE_GENERATION_CONSUMED",
    "E_OSG_U": "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED",
    "NG_C_S": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
}
SHORT_CODES = {name: code for code, name in INTERPRETATIONS.items()}

DERIVATIVE_INTERPRETATIONS = ("annualized_weather_normal", "gross_predicted", "gross_observed")
AGGREGATION_INTERPRETATIONS = ("SUM", "MEAN")

# What a temperature can be on Earth, a little beyond the records, by unit.
TEMPERATURE_LIMITS: dict[Literal["F", "C"], tuple[float, float]] = {"F": (-130.0, 140.0), "C": (-90.0, 60.0)}

UncertaintyMethod = Literal[
    "regression",  # the delta method, from the covariance of the fitted model's parameters
    "guideline14",  # ASHRAE Guideline 14-2014, annex B, as eemeter 4.1.1 implements it
    "caltrack",  # CalTRACK 4.3.2.2, autocorrelation corrected once
    "bootstrap",  # the spread of refits to readings drawn from the fitted model, from a seed
]
UNCERTAINTY_METHODS: tuple[UncertaintyMethod, ...] = get_args(UncertaintyMethod)
SPREAD_NUMBERS = tuple(  # what the interval of each side of a derivative is made of
    f"{side}_{number}"
    for side in ("baseline", "reporting")
    for number in ("standard_error", "degrees_of_freedom", "noise_autocorrelation", "noise_exponent")
)
FIRST_UNCERTAINTY_METHOD: UncertaintyMethod = "guideline14"  # of all results from before the method was kept

FailureReason = Literal[
    "data",  # the readings, or the dates of the project
    "sufficiency",  # a baseline that sufficiency criteria disqualify
    "weather",  # temperatures are missing, or do not fit
    "model",  # an unknown model or argument, or a model that cannot be computed from these data
    "machine",  # the datastore gave the run up
]
FAILURE_REASONS: tuple[FailureReason, ...] = get_args(FailureReason)


class Kind(NamedTuple):
    """What derivatives that can be added up have in common, but for their unit. Full name of the trace's."""

    trace_interpretation: str
    derivative_interpretation: str

    @property
    def order(self) -> tuple[int, int]:
        """The place in the order in which interpretations are listed."""
        trace = list(SHORT_CODES).index(self.trace_interpretation)
        return trace, DERIVATIVE_INTERPRETATIONS.index(self.derivative_interpretation)


Readings = Literal[
    "consumption",  # a value is what was used over a time
    "register",  # a value is what the meter's dial showed at an instant
]

_BTU_PER_THERM = 100_000
# Energies in units of 10 nJ, of which all are whole numbers, so that a quotient of two is exact but for one rounding.
_BTU = 105_505_585_262  # of the International Table: 1055.05585262 J
_THERM = _BTU_PER_THERM * _BTU
_JOULE = 10**8
_WATT_HOUR = 3_600 * _JOULE
_WATT_HOURS = {
    "wh": _WATT_HOUR,
    "watthour": _WATT_HOUR,
    "kwh": 1_000 * _WATT_HOUR,
    "kilowatthour": 1_000 * _WATT_HOUR,
    "mwh": 10**6 * _WATT_HOUR,
    "megawatthour": 10**6 * _WATT_HOUR,
    "gwh": 10**9 * _WATT_HOUR,
    "gigawatthour": 10**9 * _WATT_HOUR,
}
_OF_EITHER_FUEL = _WATT_HOURS | {
    "btu": _BTU,
    "kbtu": 1_000 * _BTU,
    "mmbtu": 10**6 * _BTU,
    "millionbtu": 10**6 * _BTU,
    "mj": 10**6 * _JOULE,
    "megajoule": 10**6 * _JOULE,
    "gj": 10**9 * _JOULE,
    "gigajoule": 10**9 * _JOULE,
}
_ENERGIES = _OF_EITHER_FUEL | {
    "therm": _THERM,
    "thm": _THERM,
    "th": _THERM,
    "dth": 10 * _THERM,
    "dekatherm": 10 * _THERM,
    "decatherm": 10 * _THERM,
}
_CUBIC_METRE = 0.3048**-3
_CUBIC_FEET = {
    "cf": 1.0,
    "cuft": 1.0,
    "ft3": 1.0,
    "cubicfoot": 1.0,
    "cubicfeet": 1.0,
    "ccf": 100.0,
    "hcf": 100.0,
    "100cf": 100.0,
    "100cubicfeet": 100.0,
    "100sofcubicfeet": 100.0,
    "hundredcubicfeet": 100.0,
    "hundredsofcubicfeet": 100.0,
    "mcf": 1_000.0,  # a Roman thousand
    "kcf": 1_000.0,
    "1000cubicfeet": 1_000.0,
    "1000sofcubicfeet": 1_000.0,
    "thousandcubicfeet": 1_000.0,
    "thousandsofcubicfeet": 1_000.0,
    "mmcf": 1e6,
    "millioncubicfeet": 1e6,
    "m3": _CUBIC_METRE,
    "cubicmeter": _CUBIC_METRE,
    "cubicmetre": _CUBIC_METRE,
}
_SIZES: dict[str, float] = _ENERGIES | _CUBIC_FEET
_AMBIGUOUS = "mbtu"
_BETWEEN = str.maketrans("³", "3", " -_.'^")  # what spellings of one unit differ in, but for their case

_LEAST_BTU, _USUAL_BTU, _MOST_BTU = 300, 1_036, 3_000  # in a cubic foot; usual: EIA, mean of the USA in 2022

_ELECTRICITY, _NATURAL_GAS = "ELECTRICITY", "NATURAL_GAS"
_UNIT_OF_FUEL = {_ELECTRICITY: ("KWH", 1_000 * _WATT_HOUR), _NATURAL_GAS: ("THERM", _THERM)}
_UNITS_TAKEN = {
    _ELECTRICITY: "kWh, Wh, MWh, GWh, Btu, kBtu, MMBtu, MJ or GJ",
    _NATURAL_GAS: "therms, Dth, Btu, kBtu, MMBtu, MJ, GJ, kWh or MWh, or a volume (CCF, MCF, cf or m3) with its "
    "heat_content",
}


class HeatContentError(ValueError):
    """A heat content that is missing, out of place or not that of natural gas."""


def full_name(interpretation: str) -> str:
    """The full name of a trace interpretation given by its full name or short code.

    Raises ValueError with the known ones.
    """
    if interpretation in SHORT_CODES:
        return interpretation
    if interpretation in INTERPRETATIONS:
        return INTERPRETATIONS[interpretation]
    known = ", ".join(f"{code} ({name})" for code, name in INTERPRETATIONS.items())
    raise ValueError(f"{interpretation!r} is not a trace interpretation; the known ones are {known}")


def is_generation(interpretation: str) -> bool:
    """Whether a trace interpretation, given by its full name, is of energy generated on site."""
    return interpretation.startswith("ELECTRICITY_ON_SITE_GENERATION")


def normalised_unit(
    unit: str, interpretation: str = "", heat_content: float | None = None, posted_unit: str | None = None
) -> tuple[str, float]:
    """The datastore's unit for a spelling in use, KWH or THERM, and the factor that turns a value into it.

    interpretation: the full name, whose fuel says which unit; without it watt-hours become KWH, all else THERM.
    heat_content: of a volume of gas, the therms in one of its unit. posted_unit: the unit before a conversion that was
    done already, which is then what the heat content belongs to.

    >>> normalised_unit("Wh")
    ('KWH', 0.001)
    >>> normalised_unit("CCF", "NATURAL_GAS_CONSUMPTION_SUPPLIED", heat_content=1.03)
    ('THERM', 1.03)

    Raises ValueError with the units taken, those of the fuel where there is an interpretation; HeatContentError with
    what to give instead.
    """
    spelling = _spelling(unit, interpretation)
    likely = _ELECTRICITY if spelling in _WATT_HOURS else _NATURAL_GAS
    fuel = _fuel(interpretation) if interpretation else likely
    if fuel == _ELECTRICITY and spelling not in _OF_EITHER_FUEL:
        raise ValueError(f"{unit!r} is a unit of gas, and {interpretation} is electricity; give {_UNITS_TAKEN[fuel]}")
    name, own = _UNIT_OF_FUEL[fuel]
    if spelling in _CUBIC_FEET:
        return name, _therms(unit, _CUBIC_FEET[spelling], heat_content)
    before = "" if posted_unit is None else _spelling(posted_unit, interpretation)
    if heat_content is not None:
        if before not in _CUBIC_FEET:
            raise HeatContentError(
                f"heat_content is of a volume of gas such as CCF, and {posted_unit or unit!r} is a unit of energy; "
                "leave heat_content out, or give null"
            )
        _therms(posted_unit or "", _CUBIC_FEET[before], heat_content)
    return name, _ENERGIES[spelling] / own


def expected_unit(interpretation: str) -> str:
    """KWH for electricity, THERM for natural gas; takes a full name."""
    return _UNIT_OF_FUEL[_fuel(interpretation)][0]


def is_volume(unit: str) -> bool:
    """Whether a unit is one of volume. Raises ValueError with the units taken."""
    return _spelling(unit) in _CUBIC_FEET


def same_unit(one: str, other: str) -> bool:
    """Whether two spellings mean one unit. Raises ValueError with the units taken."""
    return _SIZES[_spelling(one)] == _SIZES[_spelling(other)]


def _spelling(unit: str, interpretation: str = "") -> str:
    """The spelling that a unit is listed by. Raises ValueError with the units taken."""
    given = unit.lower().translate(_BETWEEN)
    for spelling in (given, given.removesuffix("s")):
        if spelling in _SIZES:
            return spelling
        if spelling == _AMBIGUOUS:
            raise ValueError(f"{unit!r} is a thousand Btu to some and a million to others; give kBtu or MMBtu")
    of_any = f"{_UNITS_TAKEN[_ELECTRICITY]} of electricity; of gas {_UNITS_TAKEN[_NATURAL_GAS]}"
    taken = _UNITS_TAKEN[_fuel(interpretation)] if interpretation else of_any
    raise ValueError(f"{unit!r} is not a unit the datastore knows; give {taken}")


def _therms(unit: str, cubic_feet: float, heat_content: float | None) -> float:
    """The therms in one unit of volume. Raises HeatContentError when that cannot be natural gas."""
    usual = float(f"{_USUAL_BTU * cubic_feet / _BTU_PER_THERM:.3g}")
    if heat_content is None:
        raise HeatContentError(
            f"{unit!r} is a volume, and energy is what counts: add heat_content, the therms in one {unit} that the "
            f"utility bills by, about {usual:,g}"
        )
    if not _LEAST_BTU <= heat_content * _BTU_PER_THERM / cubic_feet <= _MOST_BTU:
        raise HeatContentError(
            f"heat_content is {heat_content:g} therms per {unit}, which cannot be natural gas: that has about "
            f"{usual:,g}. MJ/m3 divided by 105.5 are therms per m3, Btu/cf divided by 1,000 are therms per CCF"
        )
    return float(heat_content)


def _fuel(interpretation: str) -> str:
    return _NATURAL_GAS if interpretation.startswith(_NATURAL_GAS) else _ELECTRICITY
