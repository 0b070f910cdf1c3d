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


class Kind(NamedTuple):
    """What derivatives that can be added up have in common, but for their unit. Full name of the trace's."""

    trace_interpretation: str
    derivative_interpretation: str

    @property
    def order(self) -> tuple[int, int]:
        """The place in the order in which interpretations are listed."""
        trace = list(SHORT_CODES).index(self.trace_interpretation)
        return trace, DERIVATIVE_INTERPRETATIONS.index(self.derivative_interpretation)


_UNITS = {
    "kwh": ("KWH", 1.0),
    "kilowatthour": ("KWH", 1.0),
    "wh": ("KWH", 0.001),
    "watthour": ("KWH", 0.001),
    "mwh": ("KWH", 1000.0),
    "megawatthour": ("KWH", 1000.0),
    "therm": ("THERM", 1.0),
    "thm": ("THERM", 1.0),
    "th": ("THERM", 1.0),
}
UNIT_OF_FUEL = {"ELECTRICITY": "KWH", "NATURAL_GAS": "THERM"}
_UNITS_TAKEN = {
    "ELECTRICITY": "kWh, Wh or MWh",
    "NATURAL_GAS": "therms (a volume such as ccf has to be converted by the utility's heat content)",
}


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


def normalised_unit(unit: str, interpretation: str = "", heat_content: float | None = None) -> tuple[str, float]:
    """The datastore's unit for a spelling in use, and the factor that turns a value into it.

    >>> normalised_unit("Wh")
    ('KWH', 0.001)

    Raises ValueError with the units taken: those of the fuel where the interpretation's full name is given.
    """
    spelling = unit.lower().replace(" ", "").replace("-", "").replace("_", "")
    for candidate in (spelling, spelling.removesuffix("s")):
        if candidate in _UNITS:
            return _UNITS[candidate]
    taken = units_taken(interpretation) if interpretation else "kWh, Wh, MWh or therms"
    raise ValueError(f"{unit!r} is not a unit the datastore knows; give {taken}")


def expected_unit(interpretation: str) -> str:
    """KWH for electricity, THERM for natural gas; takes a full name."""
    return UNIT_OF_FUEL[_fuel(interpretation)]


def units_taken(interpretation: str) -> str:
    """The units in which a client may give a trace, in words; takes a full name."""
    return _UNITS_TAKEN[_fuel(interpretation)]


def _fuel(interpretation: str) -> str:
    return "NATURAL_GAS" if interpretation.startswith("NATURAL_GAS") else "ELECTRICITY"
