"""The nouns that events and commands share: who speaks, how a call ends, what an engine can do."""

from dataclasses import dataclass
from enum import StrEnum


class Speaker(StrEnum):
    CALLER = "caller"
    ASSISTANT = "assistant"


class Disposition(StrEnum):
    """How the call ended for the owner; set once."""

    TRANSFERRED = "transferred"
    BOOKED = "booked"
    MESSAGE_TAKEN = "message_taken"
    ANSWERED = "answered"
    SCREENED_OUT = "screened_out"
    BLOCKED = "blocked"
    ABANDONED = "abandoned"
    FAILED = "failed"


class HangUpReason(StrEnum):
    """Who or what ended the call."""

    CALLER = "caller"
    OWNER = "owner"
    ASSISTANT = "assistant"
    SILENCE = "silence"
    TOO_LONG = "too_long"
    CARRIER = "carrier"
    ERROR = "error"


class NextStep(StrEnum):
    """What the carrier does with the caller once our stream has ended."""

    HANG_UP = "hang_up"
    TRANSFER = "transfer"
    VOICEMAIL = "voicemail"


class PhraseKey(StrEnum):
    """Sentences rendered ahead of the call in the assistant's voice, so that they play without the engine."""

    NOTICE = "notice"
    GREETING = "greeting"
    ONE_MOMENT = "one_moment"
    RESUMED = "resumed"
    STILL_THERE = "still_there"
    WRAP_UP = "wrap_up"
    GOODBYE = "goodbye"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A rendered sentence: its words and how long it sounds, in ms."""

    text: str
    ms: float


class EngineLoss(StrEnum):
    """Why an engine's session is gone, as far as the call has to care."""

    REFUSED = "refused"
    """Trying again cannot help: wrong key, no credit, no such model."""
    BROKEN = "broken"
    """The connection or the service failed; a new session may work."""
    EXPIRED = "expired"
    """The session reached its length limit."""


class ResponseStatus(StrEnum):
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class EngineTraits:
    """What differs between engines and matters to a call.

    drives_turns: the engine decides by itself when to answer; otherwise the session asks for each response.
    edits_memory: truncating and deleting what the engine believes it said is possible.
    """

    drives_turns: bool = False
    edits_memory: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """One party's contribution as it is stored.

    `text` is what was heard by the other side; `unheard` what the assistant generated beyond that. Times are in ms:
    `started_ms` since the stream began, `heard_ms` and `total_ms` of audio, `response_ms` from the end of the
    caller's speech to the first audio of the answer (None where nobody waited).
    """

    ordinal: int
    speaker: Speaker
    text: str
    started_ms: int
    unheard: str = ""
    heard_ms: int = 0
    total_ms: int = 0
    response_ms: int | None = None
    was_interrupted: bool = False


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """A finished tool call, as a new engine session has to be told of it."""

    tool_call_id: str
    name: str
    arguments: str
    output: str


@dataclass(frozen=True, slots=True)
class Seed:
    """What a fresh engine session must know to go on with a conversation: only what was really heard.

    `note` is a system remark that precedes the turns (caller, time, why the session is new). With `answer_now` the
    caller's last turn is still unanswered and a response is wanted as soon as the session stands.
    """

    note: str = ""
    turns: tuple[tuple[Speaker, str], ...] = ()
    tools: tuple[ToolRecord, ...] = ()
    answer_now: bool = False
