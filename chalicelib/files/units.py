"""Units as utilities and Portfolio Manager write them, to the spellings that the vocabulary accepts."""

import re

import polars as pl

from chalicelib import vocabulary


def cleaned(units: pl.Series) -> pl.Series:
    """The units without explanations: `kWh (thousand Watt-hours)` becomes kWh. Blank ones become null."""
    different = units.unique().drop_nulls().to_list()
    spellings = {unit: _cleaned(unit) for unit in different}
    if all(unit == spelling for unit, spelling in spellings.items()):
        return units
    return units.replace_strict(spellings, return_dtype=pl.String)


def _cleaned(unit: str) -> str | None:
    if not unit.strip():
        return None
    explained = re.fullmatch(r"\s*([^(]+?)\s*\((.*)\)\s*", unit)
    if not explained:
        return unit.strip()
    short = next((text for text in (explained[1], *explained[1].split("/")[::-1]) if _is_known(text)), None)
    if _is_known(explained[2]) and (short is None or not vocabulary.same_unit(short, explained[2])):
        return explained[2]  # Portfolio Manager's `MCF(million cubic feet)` is not the usual MCF
    return short or unit.strip()


def _is_known(unit: str) -> bool:
    try:
        vocabulary.is_volume(unit)
    except ValueError:
        return False
    return True
