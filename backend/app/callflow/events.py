"""What happened in a call, in the past tense: everything the session is ever told.

All are values that nobody changes. The two that carry audio are not frozen, which would triple the cost of making one:
they come 50 times a second for every call.
"""

from dataclasses import dataclass

from app.callflow.words import Disposition, EngineLoss, EngineTraits, NextStep, ResponseStatus

# --- from the carrier's stream -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The carrier's media stream is open; the caller hears what we play from now on."""


@dataclass(slots=True)
class CallerAudio:
    """One frame from the caller: base64 of G.711 mu-law at 8 kHz, exactly as the carrier sent it."""

    payload: str


@dataclass(frozen=True, slots=True)
class PlaybackReached:
    """The carrier returned a mark: everything sent before it was played, or dropped by a clear."""

    mark: str


@dataclass(frozen=True, slots=True)
class DigitPressed:
    digit: str


@dataclass(frozen=True, slots=True)
class StreamStopped:
    """The stream is gone without our asking: the caller hung up, or the carrier moved the call elsewhere."""


# --- from the engine -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The engine's session is configured and listens. `lasts_s` is the time until the vendor ends the session."""

    traits: EngineTraits
    lasts_s: float | None = None


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The engine's session is gone or was never opened. `code` is the vendor's word, for the owner and the log."""

    loss: EngineLoss
    code: str


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    response_id: str


@dataclass(slots=True)
class AssistantAudio:
    """Speech of one item of a response: base64 G.711 mu-law, `ms` long, usually sent faster than it sounds."""

    response_id: str
    item_id: str
    payload: str
    ms: float


@dataclass(frozen=True, slots=True)
class AssistantText:
    """A piece of the words of an item; runs ahead of the audio."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AssistantItemDone:
    """An item is complete: `text` holds all its words."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The engine asks for a tool, with complete arguments as a JSON text (which may still be malformed)."""

    response_id: str
    tool_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """Nothing more of this response will come. `code` is the vendor's word for a failure, else empty."""

    response_id: str
    status: ResponseStatus
    code: str = ""


@dataclass(frozen=True, slots=True)
class CallerSpoke:
    """The engine hears the caller begin to speak. `offset_ms` counts the caller's audio sent in this session."""

    item_id: str
    offset_ms: int


@dataclass(frozen=True, slots=True)
class CallerPaused:
    """The engine decided that the caller has finished a turn (endpointing)."""

    item_id: str
    offset_ms: int


@dataclass(frozen=True, slots=True)
class CallerSaid:
    """The words of a caller's turn; may come long after the answer has begun. Empty text: nothing intelligible."""

    item_id: str
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class CostIncurred:
    """The engine reported what it used, already priced: millionths of a US dollar and the tokens behind it."""

    micro_usd: int
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


# --- from the world ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool was run, or refused by policy. `output` is the JSON text the engine is told.

    `step` is set when the tool settles where the caller goes next (hang up, transfer); `settles` when it settles how
    the call will have ended for the owner.
    """

    tool_call_id: str
    output: str
    is_done: bool
    step: NextStep | None = None
    settles: Disposition | None = None


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The instant that `deadline()` named has come."""


CarrierEvent = StreamStarted | CallerAudio | PlaybackReached | DigitPressed | StreamStopped
EngineEvent = (
    EngineReady
    | EngineLost
    | ResponseStarted
    | AssistantAudio
    | AssistantText
    | AssistantItemDone
    | ToolRequested
    | ResponseEnded
    | CallerSpoke
    | CallerPaused
    | CallerSaid
    | CostIncurred
)
Event = CarrierEvent | EngineEvent | ToolFinished | DeadlinePassed
