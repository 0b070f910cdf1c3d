"""Requests for traces."""

from typing import Any

from tests.stack.client import Api
from tests.stack.names import unique

NAMES = {
    "E_C_S": "ELECTRICITY_CONSUMPTION_SUPPLIED",
    "E_C_T": "ELECTRICITY_CONSUMPTION_TOTAL",
    "E_C_N": "ELECTRICITY_CONSUMPTION_NET",
    "E_OSG_T": "ELECTRICITY_ON_SITE_GENERATION_TOTAL",
    "E_OSG_C": "ELECTRICITY_ON_SITE_GENERATION_CONSUMED",
    "E_OSG_U": "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED",
    "NG_C_S": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
}
ELECTRICITY = {"interpretation": "E_C_S", "unit": "kWh"}
GAS = {"interpretation": "NG_C_S", "unit": "therms"}


def create(api: Api, **fields: Any) -> dict[str, Any]:
    trace: dict[str, Any] = api.post("traces/", {"trace_id": unique(), **ELECTRICITY, **fields})
    return trace


def found(api: Api, trace_id: str) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = api.get("traces/", trace_id=trace_id)
    return traces


def sync(api: Api, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = api.post("traces/sync/", items, status=200)
    return done
