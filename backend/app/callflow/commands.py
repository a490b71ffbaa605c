"""What to do, in the imperative: everything the session can ever ask of the outside.

Values that nobody changes; those that carry audio are not frozen for the reason given in `app.callflow.events`.
"""

from dataclasses import dataclass

from app.callflow.words import Disposition, HangUpReason, NextStep, PhraseKey, Seed, Speaker, Turn

# --- to the engine -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class SendToEngine:
    """Forward a frame of the caller's audio, payload unchanged."""

    payload: str


@dataclass(frozen=True, slots=True)
class OpenEngine:
    """Open a fresh engine session with this seed, `after_s` seconds from now.

    With `is_rotation` the present session goes on, until SwitchEngine follows the EngineReady of the new one.
    """

    seed: Seed
    after_s: float = 0.0
    is_rotation: bool = False


@dataclass(frozen=True, slots=True)
class SwitchEngine:
    """Replace the engine's session by the one that was opened beside it and is ready."""


@dataclass(frozen=True, slots=True)
class CloseEngine:
    """End the engine's session: its conversation is no longer needed."""


@dataclass(frozen=True, slots=True)
class RequestResponse:
    """Ask the engine to speak. `instructions` narrow this one response; `may_use_tools` is off for set sentences."""

    instructions: str = ""
    may_use_tools: bool = True


@dataclass(frozen=True, slots=True)
class CancelResponse:
    """Stop generating this response."""

    response_id: str


@dataclass(frozen=True, slots=True)
class TruncateAssistantTurn:
    """Tell the engine how much of an item the caller heard before speaking over it."""

    item_id: str
    heard_ms: int


@dataclass(frozen=True, slots=True)
class ForgetItem:
    """Remove an item from the engine's memory: the caller never heard it, or it was no speech."""

    item_id: str


@dataclass(frozen=True, slots=True)
class TellEngine:
    """Add a fact to the engine's conversation without asking for an answer.

    Speaker CALLER or ASSISTANT put the words into that mouth; None is a system remark.
    """

    text: str
    speaker: Speaker | None = None


@dataclass(frozen=True, slots=True)
class AnswerTool:
    """Give the engine the outcome of a tool, a JSON text. Every request is answered exactly once."""

    tool_call_id: str
    output: str


# --- to the carrier ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class PlayToCaller:
    """Queue audio at the carrier: base64 of G.711 mu-law."""

    payload: str


@dataclass(frozen=True, slots=True)
class PlayPhrase:
    """Queue a rendered phrase at the carrier, from `from_ms` on."""

    key: PhraseKey
    from_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class MarkPlayback:
    """Ask the carrier to tell when everything queued so far has been played."""

    mark: str


@dataclass(frozen=True, slots=True)
class ClearPlayback:
    """Drop all queued audio that was not played yet."""


@dataclass(frozen=True, slots=True)
class LeaveStream:
    """Close our side of the stream; the carrier then asks what to do next and is told `step`."""

    step: NextStep


# --- to the world --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunTool:
    """Write the request into the ledger, check it against policy, do it, and report ToolFinished."""

    tool_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class SaveTurn:
    turn: Turn


@dataclass(frozen=True, slots=True)
class SaveOutcome:
    """Store how the call ended; comes exactly once."""

    disposition: Disposition
    reason: HangUpReason


@dataclass(frozen=True, slots=True)
class ReportTrouble:
    """Something the owner should see beside the call: what failed, in one word, and the vendor's code."""

    what: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class AddCost:
    micro_usd: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int


EngineCommand = (
    SendToEngine | RequestResponse | CancelResponse | TruncateAssistantTurn | ForgetItem | TellEngine | AnswerTool
)
EngineLifecycle = OpenEngine | SwitchEngine | CloseEngine
CarrierCommand = PlayToCaller | PlayPhrase | MarkPlayback | ClearPlayback | LeaveStream
WorldCommand = RunTool | SaveTurn | SaveOutcome | ReportTrouble | AddCost
Command = EngineCommand | EngineLifecycle | CarrierCommand | WorldCommand
