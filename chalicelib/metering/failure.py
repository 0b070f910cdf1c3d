"""The one error of this room."""


class MeterFailure(Exception):
    """The data or the request cannot give a result; `str()` says why, to the person who asked for the run."""
