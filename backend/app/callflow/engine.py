"""The seam to voice engines: what an adapter offers, in the words of the call.

The session knows neither vendor events nor who drives turns; `EngineTraits` tells it what differs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.callflow.commands import EngineCommand
from app.callflow.events import EngineEvent
from app.callflow.words import Seed


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as it is offered to an engine; `parameters` is a JSON schema as a JSON text."""

    name: str
    description: str
    parameters: str


@dataclass(frozen=True, slots=True)
class EnginePersona:
    """Who speaks: equal for every call of an assistant, so that the vendor can cache it."""

    instructions: str
    voice: str
    languages: tuple[str, ...]
    keywords: tuple[str, ...]
    tools: tuple[ToolSpec, ...]


EngineListener = Callable[[EngineEvent], None]
"""Called on the event loop, in order; after EngineLost it is not called again."""


class EngineSession(Protocol):
    """One session with an engine. Every method returns at once; what happens later arrives at the listener."""

    def listen(self, listener: EngineListener) -> None:
        """From now on `listener` hears the session, instead of whoever did before."""

    def send_audio(self, payload: str) -> None:
        """Forward one frame of the caller's audio (base64 mu-law); before the session is open it is dropped."""

    def perform(self, command: EngineCommand) -> None:
        """Do what a command says; commands given before the session is open are done when it opens, in order."""

    def close(self) -> None:
        """End the session. The listener hears nothing more. Safe to call twice."""


class VoiceEngine(Protocol):
    """A configured vendor that can open sessions and render phrases."""

    def open(self, persona: EnginePersona, seed: Seed, listener: EngineListener) -> EngineSession:
        """Begin a session. EngineReady or EngineLost follows; nothing is raised."""

    async def render(self, persona: EnginePersona, text: str) -> bytes:
        """Speak exactly `text` and return it as G.711 mu-law at 8 kHz.

        Raises Unavailable when the engine cannot be reached, refuses, or says something else than `text`.
        """
