"""A leg: one telephone connection, what the vendor calls a Call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Protocol

from sandbox.carrier.clock import utc_now
from sandbox.carrier.handset import Handset
from sandbox.carrier.playout import SILENT_FRAME
from sandbox.carrier.steps import Control
from sandbox.carrier.tape import Tape

LONGEST_CALL_S = 14_400
"""What the vendor allows a call without another limit."""
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class Source(Protocol):
    """Where the sound for an ear comes from."""

    def next_frame(self) -> bytes | None: ...


Sink = Callable[[bytes, bytes | None], None]
"""Takes 20 ms of what was said into the leg and of what was heard there (None: nothing)."""
KeyListener = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Network:
    """How bad the line is: the greatest delay of a frame, and how many frames of a hundred are lost."""

    jitter_ms: float = 0.0
    loss_pct: float = 0.0


@dataclass(frozen=True, slots=True)
class StatusCallback:
    """Who is told how a leg stands, and of which events: initiated, ringing, answered, completed."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass(eq=False, slots=True)
class Leg:
    """A connection from its ring to its end.

    `direction` and `status` are the vendor's words: inbound, outbound-api or outbound-dial; queued, initiated,
    ringing, in-progress or one of ENDED. `background` closes one-way streams by their names.
    `longest_s` limits the talk.
    """

    sid: str
    caller: str
    called: str
    direction: str
    status: str = "ringing"
    parent_sid: str | None = None
    number_sid: str | None = None
    extra_fields: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    fallback: tuple[str, str] = ("", "POST")
    status_callback: StatusCallback | None = None
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = "carrier"
    handset: Handset = field(default_factory=Handset)
    longest_s: float = LONGEST_CALL_S
    tape: Tape = field(default_factory=Tape)
    source: Source | None = None
    sinks: list[Sink] = field(default_factory=list)
    key_listeners: list[KeyListener] = field(default_factory=list)
    on_end: list[Callable[[], object]] = field(default_factory=list)
    background: dict[str, Callable[[], None]] = field(default_factory=dict)
    control: Control | None = None
    callbacks_sent: int = 0
    spoken: bytes = SILENT_FRAME

    # --- how it stands ---------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self.status in ENDED

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    @property
    def duration_s(self) -> int:
        """Whole seconds from the answer to the end, or to now."""
        if self.answered_at is None:
            return 0
        return round(((self.ended_at or utc_now()) - self.answered_at).total_seconds())

    @property
    def billed_minutes(self) -> int:
        return ceil(self.duration_s / 60)

    def answer(self) -> None:
        """The connection stands; nothing happens when it stood already."""
        if self.is_answered or self.is_over:
            return
        self.answered_at = self.updated_at = utc_now()
        self.status = "in-progress"
        self.handset.tell("answered")

    def end(self, status: str, *, by: str) -> None:
        """The connection is gone; only the first end counts."""
        if self.is_over:
            return
        self.ended_at = self.updated_at = utc_now()
        self.status = status
        self.ended_by = by
        self.source = None
        for finish in self.on_end:
            finish()
        self.handset.stop_talking()
        self.handset.tell("ended", status=status, duration_s=self.duration_s, by=by)

    # --- sound -----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """20 ms pass on this leg. Nobody hears what is said before the answer: lines wait, a microphone does not."""
        if self.is_over:
            return
        if not self.is_answered:
            self.handset.forget_live()
        spoken = self.handset.next_frame() if self.is_answered else SILENT_FRAME
        heard = self.source.next_frame() if self.source is not None else None
        self.spoken = spoken
        for sink in tuple(self.sinks):
            sink(spoken, heard)
        self.tape.append(spoken, heard or SILENT_FRAME)
        self.handset.hear(heard)

    def press(self, digits: str) -> None:
        """Keys are pressed on the handset."""
        for digit in digits:
            self.handset.tell("dtmf", digit=digit)
            for listener in tuple(self.key_listeners):
                listener(digit)
