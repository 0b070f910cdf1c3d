"""The vocabulary that all packages share: interpretations, uncertainty methods, failure reasons and units."""

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

# The range of plausible air temperatures by unit, slightly wider than the records on Earth.
TEMPERATURE_LIMITS: dict[Literal["F", "C"], tuple[float, float]] = {"F": (-130.0, 140.0), "C": (-90.0, 60.0)}

UncertaintyMethod = Literal[
    "regression",  # the delta method, from the covariance of the fitted model's parameters
    "guideline14",  # ASHRAE Guideline 14-2014, annex B, as implemented by eemeter 4.1.1
    "caltrack",  # CalTRACK 4.3.2.2, with a single autocorrelation correction
    "bootstrap",  # seeded parametric bootstrap: the spread of models refitted to simulated readings
]
UNCERTAINTY_METHODS: tuple[UncertaintyMethod, ...] = get_args(UncertaintyMethod)
SPREAD_NUMBERS = tuple(  # the numbers behind the confidence interval of each side of a derivative
    f"{side}_{number}"
    for side in ("baseline", "reporting")
    for number in ("standard_error", "degrees_of_freedom", "noise_autocorrelation", "noise_exponent")
)
FIRST_UNCERTAINTY_METHOD: UncertaintyMethod = "guideline14"  # of results from before the method was stored

FailureReason = Literal[
    "data",  # the readings, or the project's dates
    "sufficiency",  # the baseline does not meet the sufficiency criteria
    "weather",  # temperatures are missing or unusable
    "model",  # an unknown model or argument, or a model that cannot be fitted to these data
    "machine",  # the datastore could not complete the run
]
FAILURE_REASONS: tuple[FailureReason, ...] = get_args(FailureReason)


class Kind(NamedTuple):
    """The interpretations that derivatives must share to be summed; the trace interpretation by its full name."""

    trace_interpretation: str
    derivative_interpretation: str

    @property
    def order(self) -> tuple[int, int]:
        """The sort key: interpretations in the order in which they are listed above."""
        trace = list(SHORT_CODES).index(self.trace_interpretation)
        return trace, DERIVATIVE_INTERPRETATIONS.index(self.derivative_interpretation)


ReadingType = Literal[
    "consumption",  # a value is the energy used over an interval
    "register",  # a value is the cumulative meter read at an instant
]

_BTU_PER_THERM = 100_000
# Energies in units of 10 nJ, which makes all of them integers, so the ratio of any two is rounded only once.
_BTU = 105_505_585_262  # International Table Btu: 1055.05585262 J
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
_CUBIC_METER = 0.3048**-3
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
    "mcf": 1_000.0,  # M is the Roman numeral for a thousand
    "kcf": 1_000.0,
    "1000cubicfeet": 1_000.0,
    "1000sofcubicfeet": 1_000.0,
    "thousandcubicfeet": 1_000.0,
    "thousandsofcubicfeet": 1_000.0,
    "mmcf": 1e6,
    "millioncubicfeet": 1e6,
    "m3": _CUBIC_METER,
    "cubicmeter": _CUBIC_METER,
    "cubicmetre": _CUBIC_METER,
}
_SIZES: dict[str, float] = _ENERGIES | _CUBIC_FEET
_AMBIGUOUS = "mbtu"
_NORMALIZE = str.maketrans("³", "3", " -_.'^")  # spellings of one unit differ only in these characters and in case

_MIN_BTU, _TYPICAL_BTU, _MAX_BTU = 300, 1_036, 3_000  # per cubic foot; typical: EIA, US average for 2022

_ELECTRICITY, _NATURAL_GAS = "ELECTRICITY", "NATURAL_GAS"
_UNIT_OF_FUEL = {_ELECTRICITY: ("KWH", 1_000 * _WATT_HOUR), _NATURAL_GAS: ("THERM", _THERM)}
_ACCEPTED_UNITS = {
    _ELECTRICITY: "kWh, Wh, MWh, GWh, Btu, kBtu, MMBtu, MJ or GJ",
    _NATURAL_GAS: "therms, Dth, Btu, kBtu, MMBtu, MJ, GJ, kWh or MWh, or a volume (CCF, MCF, cf or m3) with its "
    "heat_content",
}


class HeatContentError(ValueError):
    """The heat content is missing, not applicable, or implausible for natural gas."""


def full_name(interpretation: str) -> str:
    """Return the full name of a trace interpretation, given its full name or short code.

    Raises ValueError, listing the valid ones.
    """
    if interpretation in SHORT_CODES:
        return interpretation
    if interpretation in INTERPRETATIONS:
        return INTERPRETATIONS[interpretation]
    known = ", ".join(f"{code} ({name})" for code, name in INTERPRETATIONS.items())
    raise ValueError(f"{interpretation!r} is not a trace interpretation; use one of {known}")


def is_generation(interpretation: str) -> bool:
    """Return whether a trace interpretation (full name) is on-site generation."""
    return interpretation.startswith("ELECTRICITY_ON_SITE_GENERATION")


def normalized_unit(
    unit: str, interpretation: str = "", heat_content: float | None = None, posted_unit: str | None = None
) -> tuple[str, float]:
    """Return the datastore's unit (KWH or THERM) for a unit in any common spelling, and the conversion factor to it.

    interpretation: the full name; its fuel determines the unit. Without it, watt-hours become KWH and all else THERM.
    heat_content: for a volume of gas, in therms per unit of volume. posted_unit: the original unit, if the values have
    already been converted; the heat content then refers to that unit.

    >>> normalized_unit("Wh")
    ('KWH', 0.001)
    >>> normalized_unit("CCF", "NATURAL_GAS_CONSUMPTION_SUPPLIED", heat_content=1.03)
    ('THERM', 1.03)

    Raises ValueError, listing the accepted units (only those of the fuel if an interpretation is given), or
    HeatContentError, stating what to give instead.
    """
    spelling = _spelling(unit, interpretation)
    likely = _ELECTRICITY if spelling in _WATT_HOURS else _NATURAL_GAS
    fuel = _fuel(interpretation) if interpretation else likely
    if fuel == _ELECTRICITY and spelling not in _OF_EITHER_FUEL:
        raise ValueError(f"{unit!r} is a unit of gas, but {interpretation} is electricity; use {_ACCEPTED_UNITS[fuel]}")
    name, own = _UNIT_OF_FUEL[fuel]
    if spelling in _CUBIC_FEET:
        return name, _therms(unit, _CUBIC_FEET[spelling], heat_content)
    before = "" if posted_unit is None else _spelling(posted_unit, interpretation)
    if heat_content is not None:
        if before not in _CUBIC_FEET:
            raise HeatContentError(
                f"heat_content applies only to a volume of gas such as CCF, but {posted_unit or unit!r} is a unit of "
                "energy; leave heat_content out, or set it to null"
            )
        _therms(posted_unit or "", _CUBIC_FEET[before], heat_content)
    return name, _ENERGIES[spelling] / own


def expected_unit(interpretation: str) -> str:
    """Return the datastore's unit for a trace interpretation (full name): KWH for electricity, THERM for gas."""
    return _UNIT_OF_FUEL[_fuel(interpretation)][0]


def is_volume(unit: str) -> bool:
    """Return whether a unit is a unit of volume. Raises ValueError, listing the accepted units."""
    return _spelling(unit) in _CUBIC_FEET


def same_unit(one: str, other: str) -> bool:
    """Return whether two spellings mean the same unit. Raises ValueError, listing the accepted units."""
    return _SIZES[_spelling(one)] == _SIZES[_spelling(other)]


def _spelling(unit: str, interpretation: str = "") -> str:
    """Return the normalized spelling of a unit. Raises ValueError, listing the accepted units."""
    given = unit.lower().translate(_NORMALIZE)
    for spelling in (given, given.removesuffix("s")):
        if spelling in _SIZES:
            return spelling
        if spelling == _AMBIGUOUS:
            raise ValueError(f"{unit!r} is ambiguous: it can mean a thousand or a million Btu; use kBtu or MMBtu")
    all_units = f"{_ACCEPTED_UNITS[_ELECTRICITY]} for electricity; for gas, {_ACCEPTED_UNITS[_NATURAL_GAS]}"
    accepted = _ACCEPTED_UNITS[_fuel(interpretation)] if interpretation else all_units
    raise ValueError(f"{unit!r} is not a supported unit; use {accepted}")


def _therms(unit: str, cubic_feet: float, heat_content: float | None) -> float:
    """Return the therms per unit of volume.

    Raises HeatContentError if heat_content is missing or implausible for gas.
    """
    typical = float(f"{_TYPICAL_BTU * cubic_feet / _BTU_PER_THERM:.3g}")
    if heat_content is None:
        raise HeatContentError(
            f"{unit!r} is a volume, which must be converted to energy: add heat_content, the therms per {unit} on the "
            f"utility's bill, typically about {typical:,g}"
        )
    if not _MIN_BTU <= heat_content * _BTU_PER_THERM / cubic_feet <= _MAX_BTU:
        raise HeatContentError(
            f"heat_content is {heat_content:g} therms per {unit}, which is implausible for natural gas (typically "
            f"about {typical:,g}). To convert, divide MJ/m3 by 105.5 to get therms per m3, or Btu/cf by 1,000 to get "
            "therms per CCF"
        )
    return float(heat_content)


def _fuel(interpretation: str) -> str:
    return _NATURAL_GAS if interpretation.startswith(_NATURAL_GAS) else _ELECTRICITY
