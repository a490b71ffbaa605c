"""The engine's side of a running call: the present session, its successor, and one opened ahead of the stream."""

import asyncio

from app.callflow.commands import EngineCommand, OpenEngine
from app.callflow.engine import EngineListener, EnginePersona, EngineSession, VoiceEngine
from app.callflow.events import EngineEvent, EngineLost, EngineReady
from app.callflow.words import EngineLoss, Seed

_MOST_PENDING = 64


class PreparedEngine:
    """An engine session opened while the phone rings; what it says is kept until the call's stream takes it over."""

    def __init__(self, engine: VoiceEngine, persona: EnginePersona, seed: Seed) -> None:
        self.seed = seed
        self._early: list[EngineEvent] = []
        self.session: EngineSession = engine.open(persona, seed, self._early.append)

    @property
    def is_lost(self) -> bool:
        return any(isinstance(event, EngineLost) for event in self._early)

    def hand_over(self, listener: EngineListener) -> None:
        """From now on `listener` hears everything, beginning with what came already."""
        self.session.listen(listener)
        for event in self._early:
            listener(event)


class EngineSlot:
    """Holds at most one serving session and one candidate that is to replace it.

    A session that was closed is not heard any more, so whatever arrives is of one of these two.
    """

    def __init__(
        self, engine: VoiceEngine | None, persona: EnginePersona, prepared: PreparedEngine | None = None
    ) -> None:
        self._engine = engine
        self._persona = persona
        self._listener: EngineListener = lambda _: None
        self._prepared = prepared
        self.session: EngineSession | None = None
        """The session that serves the call, None between two."""
        self._candidate: EngineSession | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._pending: list[EngineCommand] = []

    def listen(self, listener: EngineListener) -> None:
        """Who hears the serving session's events."""
        self._listener = listener

    def open(self, command: OpenEngine) -> None:
        """Open a session as the command says; nothing is awaited, its events tell the rest."""
        self._cancel_waiting()
        # Always from the loop, even without a delay: a session's events must not arrive while commands are performed.
        self._waiting = asyncio.get_running_loop().call_later(command.after_s, self._open, command)

    def _open(self, command: OpenEngine) -> None:
        self._waiting = None
        if self._engine is None:
            self.close()
            self._listener(EngineLost(EngineLoss.REFUSED, "not_configured"))
        elif command.is_rotation and self.session is not None:
            self._drop_candidate()
            self._candidate = self._engine.open(self._persona, command.seed, self._on_candidate)
        else:
            self.close()
            self._serve(self._engine, command)

    def _serve(self, engine: VoiceEngine, command: OpenEngine) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None and _tells_the_same(prepared.seed, command.seed) and not prepared.is_lost:
            self.session = prepared.session
            self._flush(prepared.session)
            prepared.hand_over(self._listener)
            return
        if prepared is not None:
            prepared.session.close()
        self.session = engine.open(self._persona, command.seed, self._listener)
        self._flush(self.session)

    def perform(self, command: EngineCommand) -> None:
        """Hand a command to the serving session, or keep it for the one that is about to be opened."""
        if self.session is not None:
            self.session.perform(command)
        elif len(self._pending) < _MOST_PENDING:
            self._pending.append(command)

    def _flush(self, session: EngineSession) -> None:
        pending, self._pending = self._pending, []
        for command in pending:
            session.perform(command)

    def _on_candidate(self, event: EngineEvent) -> None:
        if isinstance(event, EngineReady):
            self._listener(event)
        elif isinstance(event, EngineLost):
            # The serving session goes on; the call's timer asks for another candidate.
            self._drop_candidate()

    def switch(self) -> None:
        """Let the candidate serve from now on."""
        if self._candidate is None:
            return
        replaced, self.session, self._candidate = self.session, self._candidate, None
        if replaced is not None:
            replaced.close()
        self.session.listen(self._listener)

    def close(self) -> None:
        """End every session; nothing is heard of them any more."""
        self._cancel_waiting()
        self._drop_candidate()
        session, self.session = self.session, None
        if session is not None:
            session.close()

    def _drop_candidate(self) -> None:
        candidate, self._candidate = self._candidate, None
        if candidate is not None:
            candidate.close()

    def discard_prepared(self) -> None:
        if self._prepared is not None:
            self._prepared.session.close()
            self._prepared = None

    def _cancel_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def _tells_the_same(one: Seed, other: Seed) -> bool:
    """Whether two seeds hold the same conversation; the note may be a minute older."""
    return (one.turns, one.tools, one.answer_now) == (other.turns, other.tools, other.answer_now)
