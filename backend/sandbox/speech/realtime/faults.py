"""Scripted faults: what goes wrong next, set by `POST /sandbox/faults`."""

from typing import Annotated, Literal, TypeAlias, TypeVar

from msgspec import Meta, Struct

Times: TypeAlias = Annotated[int, Meta(ge=1)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]


class Fault(Struct, tag_field="kind", forbid_unknown_fields=True, kw_only=True):
    """One kind of mishap, `count` times. Each happens at the next opportunity and is then used up."""

    count: Times = 1


class RefuseConnection(Fault, tag="refuse_connection"):
    """The next connection is refused: with an HTTP status, or accepted and closed with a code of 1000 or more."""

    code: int = 503
    reason: str = ""


class SlowConnect(Fault, tag="slow_connect"):
    """The next handshake is answered late."""

    delay_s: Seconds


class SlowResponse(Fault, tag="slow_response"):
    """The next response is created at once, but its output comes late."""

    delay_s: Seconds


class DropSocket(Fault, tag="drop_socket"):
    """A connection breaks: in the middle of the next response, or some seconds from now (or from its beginning).

    Code 1006 breaks it without a closing frame, any other closes it properly.
    """

    after_s: Seconds | None = None
    on_response: bool = False
    after_deltas: int = 2
    code: int = 1006


class FailResponse(Fault, tag="fail_response"):
    """The next response fails, after some deltas of its output."""

    code: str = "server_error"
    type: str = "server_error"
    message: str = "The server had an error while processing your request."
    after_deltas: int = 0


class IncompleteResponse(Fault, tag="incomplete_response"):
    """The next response ends before its time."""

    reason: Literal["max_output_tokens", "content_filter"] = "max_output_tokens"
    after_deltas: int = 2


class ExpireSession(Fault, tag="expire_session"):
    """A session reaches its maximum duration, some seconds from now (or from its beginning)."""

    after_s: Seconds = 0.0


class SendError(Fault, tag="send_error"):
    """An `error` event that no client event caused, such as an exhausted credit."""

    after_s: Seconds = 0.0
    code: str | None = "credit_balance_exhausted"
    type: str = "insufficient_quota"
    message: str = "Credit balance exhausted."


class RejectUpdate(Fault, tag="reject_update"):
    """The next `session.update` is refused as a whole."""

    code: str = "unknown_parameter"
    param: str = "session.reasoning"
    message: str = "Unknown parameter: 'session.reasoning'."


class LateTranscription(Fault, tag="late_transcription"):
    """The transcription of the next utterance is told late; the answer to it is not."""

    delay_s: Seconds


class FailTranscription(Fault, tag="fail_transcription"):
    """The next utterance cannot be written down."""


class StaleAudio(Fault, tag="stale_audio"):
    """The next response that is interrupted sends some more audio first."""

    deltas: int = 3


class UnknownEvents(Fault, tag="unknown_events"):
    """An event of an unknown type follows each of the next `count` events."""

    count: Times = 10


class DuplicateEvents(Fault, tag="duplicate_events"):
    """Each of the next `count` events comes twice."""

    count: Times = 10


class StrayRateLimits(Fault, tag="stray_rate_limits"):
    """`rate_limits.updated` follows each of the next `count` events."""

    count: Times = 10


AnyFault: TypeAlias = (
    RefuseConnection
    | SlowConnect
    | SlowResponse
    | DropSocket
    | FailResponse
    | IncompleteResponse
    | ExpireSession
    | SendError
    | RejectUpdate
    | LateTranscription
    | FailTranscription
    | StaleAudio
    | UnknownEvents
    | DuplicateEvents
    | StrayRateLimits
)
TimedFault: TypeAlias = DropSocket | ExpireSession | SendError
"""Faults that strike a session at a time instead of an event."""

_F = TypeVar("_F", bound=Fault)


class Faults:
    """The script: faults in the order in which they were set."""

    def __init__(self) -> None:
        self._scripted: list[Fault] = []

    @property
    def are_scripted(self) -> bool:
        return bool(self._scripted)

    def add(self, fault: AnyFault) -> None:
        self._scripted.append(fault)

    def clear(self) -> None:
        self._scripted.clear()

    def listed(self) -> list[Fault]:
        return list(self._scripted)

    def take(self, kind: type[_F]) -> _F | None:
        """The first fault of a kind, used up by one; None when none is scripted."""
        return next((self._spend(fault) for fault in self._scripted if isinstance(fault, kind)), None)

    def take_drop(self, *, on_response: bool) -> DropSocket | None:
        """A broken connection that strikes a response, or one that strikes at a time."""
        drops = (
            fault for fault in self._scripted if isinstance(fault, DropSocket) and fault.on_response == on_response
        )
        return next((self._spend(fault) for fault in drops), None)

    def take_timed(self) -> list[TimedFault]:
        """The faults that a session of now must suffer in time, one of each kind."""
        taken = (self.take(ExpireSession), self.take(SendError), self.take_drop(on_response=False))
        return [fault for fault in taken if fault is not None]

    def _spend(self, fault: _F) -> _F:
        fault.count -= 1
        if fault.count < 1:
            self._scripted.remove(fault)
        return fault
