"""healthz/"""

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from chalicelib.api.http.endpoints import Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import OUTPUT
from chalicelib.api.http.problems import UNAVAILABLE, Problem
from chalicelib.api.http.serving import logger
from chalicelib.store import health

resource = Resource("healthz", "health check", "Whether the datastore is available.")


@with_config(OUTPUT)
class Health(TypedDict):
    """The datastore is available."""

    status: Literal["ok"]


@resource.endpoint(
    "GET",
    "/healthz/",
    scope=None,
    returns=Health,
    errors={503: "The API cannot reach its tables."},
    examples={"healthy": Example(response={"status": "ok"})},
)
def check_health(call: Call[None, NoQuery]) -> Reply:
    """Check whether the API can reach its tables; needs no token."""
    try:
        health.check()
    except Exception:
        logger.exception("the tables cannot be reached")
        raise Problem(UNAVAILABLE, "The API cannot reach its tables. Try again later.") from None
    return Reply(Health(status="ok"))
