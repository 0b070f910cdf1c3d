"""Checks of each response, in addition to schemathesis's own."""

import json
import re
from typing import Any

import schemathesis

MAX_LAMBDA_BYTES = 6_291_556  # of a function's response, which the local stack does not limit
# Why a request may be refused although it matches its schema.
BEYOND_SCHEMAS = re.compile(
    "|".join(
        (
            r"There is no ",  # what is stored
            r"(Trace|Project) \d+ (belongs to|has) ",
            r"No trace matches trace group ",
            r"The targets have no runs to make: ",
            r"All traces are too many for ",
            r"Batch \d+ (has more than|is being deleted)",
            r"(The )?(\w+ \d+|derivatives?).* (interpretation|unit|method|intervals)",
            r"This is neither a meter input as JSON nor the URL ",
            r"This is not JSON: ",  # the text in meter_input
            r"The time zone of the date ",
            r"Line \d+",  # the content of a file
            r"The file lacks ",
            r"\w+ \(\S+\) must (not )?be (before|after) ",  # how fields relate to each other
            r"(the|The) window ",
            r"heat_content ",
            r"The records of this trace are stored in ",
            r"['\"].*['\"] (is a unit of|is a volume|is ambiguous)",
            r"Item \d+ already has this ",
            r"A register is read at one instant",
            r"This record has no (start|end)",
            r"There is neither weather nor a ZIP code",
            r"[-\d.e+]+ °[FC] is outside ",
            r"['\"].*['\"] is not a supported unit",  # in any spelling
            r"['\"].*['\"] is not an IANA time zone",  # whose list changes with every release of tzdata
            r"[\d-]+ is not between the years ",  # at the edges, which depend on the offset
            r"['\"].*['\"] is (not|neither) .*ISO 8601",  # such as leap seconds
            r"This should be a valid integer\.$",  # 1.0, which JSON Schema takes for one
            r"This should be the numeric id",
            r"This is [\d,]+ bytes of JSON, ",
            r"The filters are nested ",
            r"JSON does not allow NaN",
        )
    ),
    re.DOTALL,
)


@schemathesis.check
def fits_into_a_response_of_lambda(context: Any, response: Any, case: Any) -> None:
    """The response, as the JSON document that a function returns to API Gateway, is within Lambda's limit."""
    document = {"statusCode": response.status_code, "headers": dict(response.headers), "body": response.text}
    size = len(json.dumps(document, ensure_ascii=False).encode())
    assert size <= MAX_LAMBDA_BYTES, f"{size:,} bytes, and Lambda returns at most {MAX_LAMBDA_BYTES:,}"


@schemathesis.check
def is_refused_only_for_what_a_schema_cannot_say(context: Any, response: Any, case: Any) -> None:
    """A request that matches its schema is refused only for reasons that a schema cannot express."""
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    for error in problem.get("errors", [problem]):
        assert BEYOND_SCHEMAS.match(error["detail"]), f"{error.get('pointer')}: {error['detail']}"
