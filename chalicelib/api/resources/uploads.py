"""uploads/"""

from typing import Any

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.problems import NOT_WAITING, PARTS_MISSING, UNFINISHED, Problem, error, invalid
from chalicelib.api.schemas.uploads import (
    ENDED_EXAMPLE,
    EXAMPLE_IN,
    EXAMPLE_OUT,
    UploadIn,
    UploadOut,
    UploadQuery,
    upload_out,
)
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import uploads
from chalicelib.store.uploads.uploads import NotWaiting, PartsMissing, Unfinished

resource = Resource("uploads", "upload", "Files with projects, traces or records, and their imports.")
collection = CollectionEndpoints[Upload](resource, UploadOut, upload_out)

MAX_NAMED = 20  # missing parts in a message


@collection.list(UploadQuery, examples={"one upload": Example(response=[ENDED_EXAMPLE])})
def list_uploads(query: UploadQuery) -> Page[Upload]:
    """List uploads."""
    return uploads.page(**dict(query))


@collection.create(UploadIn, read=uploads.get, examples={"bills": Example(EXAMPLE_IN, EXAMPLE_OUT)})
def create_upload(body: UploadIn) -> Upload:
    """Announce a file.

    Send it by PUT to the `url` in the response, without a token; its arrival starts the import. A file with more than
    100 MB is sent in parts instead, each by PUT to its own URL; `uploads/{id}/complete/` then starts the import. URLs
    are valid for up to 12 hours, and getting the upload returns new ones. A row that is wrong is rejected, and the
    others are stored, unless `strict`. To import a file twice changes nothing. Files are deleted after 30 days.
    """
    fields = body.stored()
    if fields["format"] == "espi" and body.kind not in ("traces", "trace_records"):
        raise invalid(error(f"A Green Button file has traces and trace_records, but no {body.kind}.", "kind"))
    if body.kind == "tmy3" and fields["format"] != "csv":
        raise invalid(error("A normal year is a CSV file, as it was published.", "format"))
    return uploads.create(fields)


@collection.get(
    examples={"waiting": Example(response=EXAMPLE_OUT), "imported": Example(response=ENDED_EXAMPLE)},
)
def get_upload(id: int) -> Upload | None:
    """Get an upload, with the progress of its import."""
    return uploads.get(id)


@resource.endpoint(
    "POST",
    "/uploads/{id}/complete/",
    scope=WRITE,
    returns=UploadOut,
    status=202,
    errors={409: "Parts of the file have not arrived, or the upload does not wait for parts."},
    examples={"accepted": Example(response=EXAMPLE_OUT | {"url": None})},
)
def complete_upload(call: Call[Any, NoQuery]) -> Reply:
    """Start the import of a file whose parts have all been sent."""
    upload = uploads.get(call.id)
    if upload is None:
        raise call.not_found()
    try:
        uploads.complete(upload)
    except NotWaiting:
        detail = f"Upload {upload.id} does not wait for a file in parts; its status is {upload.status}."
        raise Problem(NOT_WAITING, detail) from None
    except PartsMissing as missing:
        named = ", ".join(map(str, missing.numbers[:MAX_NAMED])) + (", ..." if len(missing.numbers) > MAX_NAMED else "")
        detail = f"These parts have not arrived, or not completely: {named}. Send them, then repeat this request."
        raise Problem(PARTS_MISSING, detail) from None
    return Reply(upload_out(upload))


@collection.delete(errors={409: "The file is being imported."})
def delete_upload(id: int) -> bool:
    """Delete an upload with its file and its rejected rows. What was imported stays."""
    try:
        return uploads.delete(id)
    except Unfinished:
        detail = f"Upload {id} is being imported; delete it once it has ended."
        raise Problem(UNFINISHED, detail, headers={"Retry-After": "10"}) from None
