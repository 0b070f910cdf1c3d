"""The options of an upload, as the readers of files take them."""

from typing import Any

from chalicelib.files.options import Options
from chalicelib.store.tables.uploads import Upload


def of(upload: Upload) -> Options:
    """The options of an upload; of a normal year, which has a format of its own, only the station counts."""
    kind: Any = "weather_records" if upload.kind == "tmy3" else upload.kind
    format: Any = upload.format.removesuffix(".gz")
    return Options(kind=kind, format=format, columns=upload.columns, **upload.options)
