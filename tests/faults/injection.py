"""Faults of AWS calls: what fails, and the botocore events that make it fail."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError

from tests.faults.backend import clients, response, send


class Mode(Enum):
    """How a call fails."""

    THROTTLED = "rejected, and so is each retry of the client"
    LOST = "applied, but the client never gets a response"
    REPEATED = "applied, the response is lost, and the client's retry is applied as well"
    LATE = "applied only after all leases have expired, the user has repeated the request, and others have gone on"
    KILLED_BEFORE = "the process is killed right before it"
    KILLED_AFTER = "the process is killed right after it"


class Killed(BaseException):
    """The process was killed."""


class Injector:
    """Counts the calls of the code under test, and makes one of them fail.

    calls: the names of the calls so far. meanwhile: what others do before a late call arrives.
    """

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.calls: list[str] = []
        self.meanwhile = meanwhile
        self.active = False
        self.fired = False
        self.at_every_call: Callable[[], None] | None = None  # what others do right before each call
        self.branch: Callable[[int], None] = lambda number: None  # called before each call with its number
        self.can_fork: Callable[[], bool] = lambda: False  # whether no other thread is needed any more
        self.forkable: list[bool] = []  # of each call
        self._target: tuple[int, Mode] | None = None
        self._now: Mode | None = None  # the fault of the current call
        self._attempts = 0
        self.observers: list[Callable[[str, AWSPreparedRequest, AWSResponse], None]] = []

    def register(self) -> None:
        """See all calls of the code under test."""
        for client in clients():
            client.meta.events.register("before-call.*", self._before_call)
            client.meta.events.register("before-send.*", self._before_send)

    def unregister(self) -> None:
        """See no more calls."""
        for client in clients():
            client.meta.events.unregister("before-call.*", self._before_call)
            client.meta.events.unregister("before-send.*", self._before_send)

    @property
    def armed(self) -> bool:
        """Whether a call is to fail."""
        return self._target is not None

    def arm(self, call: int, mode: Mode) -> None:
        """Make the call with this number, counted from 0, fail."""
        self._target = call, mode

    def _before_call(self, model: Any, **_: Any) -> None:
        self._now, self._attempts = None, 0
        if not self.active:
            return
        number = len(self.calls)
        self.calls.append(model.name)
        self.forkable.append(self.can_fork())
        if self.forkable[number]:
            self.branch(number)
        if self._target is not None and self._target[0] == number:
            self._now, self.fired = self._target[1], True

    def _before_send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        mode, self._attempts = self._now, self._attempts + 1
        if self.at_every_call is not None:
            others, self.at_every_call = self.at_every_call, None
            others()
            self.at_every_call = others
        match mode:
            case Mode.THROTTLED:
                return _throttled(event_name)
            case Mode.KILLED_BEFORE:
                raise Killed
            case Mode.KILLED_AFTER:
                self._apply(request, event_name)
                raise Killed
            case Mode.LOST:
                if self._attempts == 1:
                    self._apply(request, event_name)
                raise ConnectionClosedError(endpoint_url=request.url)
            case Mode.REPEATED if self._attempts == 1:
                self._apply(request, event_name)
                raise ConnectionClosedError(endpoint_url=request.url)
            case Mode.LATE:
                self._now = None
                self.meanwhile()
        return self._apply(request, event_name)

    def _apply(self, request: AWSPreparedRequest, event_name: str) -> AWSResponse:
        answer = send(request)
        for observe in self.observers:
            observe(event_name, request, answer)
        return answer


def _throttled(event_name: str) -> AWSResponse:
    _, service, operation = event_name.split(".")
    if service == "s3":
        return response(503, b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>")
    kind = "ThrottlingException"
    if service == "dynamodb" and operation != "TransactWriteItems":
        kind = "ProvisionedThroughputExceededException"
    return response(400, b'{"__type": "%s", "message": "Rate exceeded"}' % kind.encode())
