"""What the Realtime server is assembled from: ears, a brain and a voice, each replaceable by itself."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and when it sounds, in ms from the start of the rendering."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """Speech as G.711 mu-law bytes at 8 kHz (8 bytes a millisecond), with the times of its words."""

    audio: bytes
    words: tuple[Word, ...]


class Voice(Protocol):
    async def render(self, text: str, *, language: str = "en", voice: str = "marin") -> Rendering:
        """Speak a text. The same text, language and voice always give the same bytes."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of an utterance; empty text when nothing was intelligible."""

    text: str
    language: str = "en"


class Ears(Protocol):
    async def transcribe(self, audio: bytes, *, languages: tuple[str, ...] = ()) -> Heard:
        """Write down one utterance of G.711 mu-law at 8 kHz."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the conversation. `role` is user, assistant or system."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolAsked:
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    call_id: str
    output: str


Item = Said | ToolAsked | ToolAnswered


@dataclass(frozen=True, slots=True)
class Situation:
    """All a brain may look at when it is its turn.

    `instructions` are the session's; `order` the instructions of this one response (they replace the session's for
    this response, empty when there are none); `tools` the function tools offered, as the client sent them;
    `may_use_tools` is false under tool_choice "none".
    """

    instructions: str
    order: str
    tools: tuple[dict[str, object], ...]
    items: tuple[Item, ...]
    may_use_tools: bool = True


@dataclass(frozen=True, slots=True)
class Speak:
    text: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class UseTool:
    name: str
    arguments: dict[str, object]


Action = Speak | UseTool


class Brain(Protocol):
    async def respond(self, situation: Situation) -> list[Action]:
        """What the assistant does next: each action becomes one output item of the response, in order."""
