"""The call's end of a Realtime session, for tests of what goes over the wire."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from app.adapters.openai_realtime.connection import RealtimeSession
from app.adapters.openai_realtime.voice_engine import OpenAIRealtime
from app.callflow.engine import EnginePersona, ToolSpec
from app.callflow.events import EngineEvent, EngineReady
from app.callflow.words import Seed
from app.core.config import Settings
from tests.adapters.openai_realtime.scripted_server import PATIENCE_S, Peer, scripted_server

E = TypeVar("E")

PERSONA = EnginePersona(
    "You are Ava.", "marin", ("en", "de"), ("Miller",), (ToolSpec("take_message", "Store it.", '{"type":"object"}'),)
)


class Call:
    """The call's end: remembers what a session tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[EngineEvent] = []
        self._read = 0
        self._arrived = asyncio.Event()

    def __call__(self, event: EngineEvent) -> None:
        self.events.append(event)
        self._arrived.set()

    async def next(self, kind: type[E]) -> E:
        """The next event of a kind; those before it are skipped."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    if isinstance(event, kind):
                        return event
                self._arrived.clear()
                await self._arrived.wait()

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


def engine_at(base_url: str, *, key: str = "sk-test") -> OpenAIRealtime:
    values = {"app_env": "test", "openai_base_url": base_url, "openai_api_key": key}
    return OpenAIRealtime(Settings.model_validate(values))


@contextmanager
def calling(base_url: str, *, seed: Seed | None = None, key: str = "sk-test") -> Iterator[tuple[RealtimeSession, Call]]:
    """A session that is being opened, and the call it reports to."""
    call = Call()
    session = engine_at(base_url, key=key).open(PERSONA, seed or Seed(), call)
    try:
        yield session, call
    finally:
        session.close()


@asynccontextmanager
async def in_session() -> AsyncIterator[tuple[Peer, RealtimeSession, Call]]:
    """A session that is open, with both of its ends."""
    async with scripted_server() as server:
        with calling(server.base_url) as (session, call):
            peer = await server.peer()
            await peer.accept()
            await call.next(EngineReady)
            yield peer, session, call
