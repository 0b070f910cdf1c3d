"""The operations of the API, and what is sent to them."""

import re
from typing import Any

from chalicelib.api import RESOURCES
from tests.stack.names import ABSENT

OPERATIONS = [(endpoint.method, endpoint.path.lstrip("/")) for resource in RESOURCES for endpoint in resource.endpoints]
OPEN = ("healthz", "openapi.json", "docs")  # need no token
GUARDED = [operation for operation in OPERATIONS if not operation[1].startswith(OPEN)]
ONE = [operation for operation in GUARDED if "{id}" in operation[1]]
CSV = "weather_files/"  # does not accept JSON
CHECK = "meter_runs/check/"  # is a POST, but writes nothing
WITHOUT_BODY = "uploads/{id}/complete/"  # a POST that takes none
BODIED = [
    operation for operation in GUARDED if operation[0] in ("POST", "PATCH") and operation[1] not in (CSV, WITHOUT_BODY)
]
LISTS = [
    ("projects/", {}),
    ("traces/", {}),
    ("trace_records/", {"trace": 1}),
    ("weather_records/", {"station": "724390"}),
    ("meter_runs/", {}),
    ("meter_results/", {}),
    ("derivatives/", {}),
    ("aggregation_runs/", {}),
    ("aggregation_results/", {}),
    ("trace_groups/", {}),
    ("uploads/", {}),
    ("exports/", {}),
]
INTERNALS = re.compile(
    r"traceback|chalice|pydantic|pynamo|dynamodb|boto|arn:|python|datetime\.|tzinfo|\.py\b|/tmp|/work|/var|lambda",
    re.IGNORECASE,
)


def sent(body: Any, **headers: str) -> dict[str, Any]:
    """The arguments that send a body: bytes as CSV, everything else as JSON."""
    if isinstance(body, bytes):
        return {"data": body, "headers": {"Content-Type": "text/csv", **headers}}
    return {"json": body, "headers": headers}


def with_id(path: str, id: int | str = ABSENT) -> str:
    return path.replace("{id}", str(id))
