"""The steps of the imports' state machine (infra/template/imports.asl.yaml)."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import uploads
from chalicelib.store.uploads.storage import FileGoneError

logger = Logger()

END = {"next": "end"}


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Do the step that the event names, of an upload. Idempotent. Returns what the state machine does next."""
    telemetry.note(upload=event["upload"])
    upload = uploads.get(event["upload"])
    if upload is None or upload.status in uploads.ENDED:  # nothing is left to do, also for a step that is repeated
        return END
    if event["step"] == "fail":
        error = event["error"]
        uploads.fail_on_machine_error(upload, f"{error.get('Error', '')}: {error.get('Cause', '')}")
        return END
    from chalicelib.files.options import FileError  # polars takes half a second, which the other functions need not

    try:
        result = _step(upload, event["step"], event.get("number", 0))
    except FileError as error:
        uploads.fail(upload, str(error))
        return END
    except FileGoneError:
        uploads.fail(upload, "The file was deleted or replaced while it was imported. Upload it again.")
        return END
    logger.info("done", step=event["step"], number=event.get("number"))
    return result


def _step(upload: Upload, step: str, number: int) -> dict[str, Any]:
    from chalicelib.jobs.importing import applying, finishing, options, parsing, splitting

    given = options.of(upload)
    if step == "split":
        layout, parts, buckets = splitting.split(upload, given)
        uploads.begin(upload, None if layout is None else layout.to_dict(), parts, buckets)
        return {
            "next": "parse",
            "parts": list(range(len(parts))),
            "buckets": list(range(buckets)),
            "strict": upload.strict,
        }
    if step == "parse":
        parsing.parse(upload, given, number)
    elif step in ("check", "apply"):
        applying.apply(upload, given, number, write=step == "apply")
    elif step == "decide":
        return {"next": "apply"} if finishing.decide(upload) else END
    else:
        finishing.finish(upload)
    return {"next": "on"}
