"""The engine's side of a running call: the present session, its successor, and one opened ahead of the stream."""

import asyncio
from collections.abc import Callable

from app.callflow.commands import EngineCommand, OpenEngine
from app.callflow.engine import EnginePersona, EngineSession, VoiceEngine
from app.callflow.events import EngineEvent, EngineLost, EngineReady
from app.callflow.words import EngineLoss, Seed

_MOST_PENDING = 64


class PreparedEngine:
    """An engine session opened while the phone rings; what it says is kept until the call's stream takes it over."""

    def __init__(self, engine: VoiceEngine, persona: EnginePersona, seed: Seed) -> None:
        self.seed = seed
        self._early: list[EngineEvent] = []
        self._listener: Callable[[EngineEvent], None] | None = None
        self.session: EngineSession = engine.open(persona, seed, self._on_event)

    def _on_event(self, event: EngineEvent) -> None:
        if self._listener is None:
            self._early.append(event)
        else:
            self._listener(event)

    @property
    def is_lost(self) -> bool:
        return any(isinstance(event, EngineLost) for event in self._early)

    def hand_over(self, listener: Callable[[EngineEvent], None]) -> EngineSession:
        """From now on `listener` hears everything, beginning with what came already."""
        self._listener = listener
        early, self._early = self._early, []
        for event in early:
            listener(event)
        return self.session


class _Ticket:
    """Names one session, so that late events of a replaced one are told apart."""

    __slots__ = ("session",)

    def __init__(self) -> None:
        self.session: EngineSession | None = None


class EngineSlot:
    """Holds at most one serving session and one candidate that is to replace it."""

    def __init__(
        self,
        engine: VoiceEngine | None,
        persona: EnginePersona,
        listener: Callable[[EngineEvent], None],
        prepared: PreparedEngine | None = None,
    ) -> None:
        self._engine = engine
        self._persona = persona
        self._listener = listener
        self._prepared = prepared
        self._serving: _Ticket | None = None
        self._candidate: _Ticket | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._pending: list[EngineCommand] = []

    @property
    def session(self) -> EngineSession | None:
        """The session that serves the call, None between two."""
        return self._serving.session if self._serving is not None else None

    def open(self, command: OpenEngine) -> None:
        """Open a session as the command says; nothing is awaited, its events tell the rest."""
        self._cancel_waiting()
        # Always from the loop, even without a delay: a session's events must not arrive while commands are performed.
        self._waiting = asyncio.get_running_loop().call_later(command.after_s, self._open, command)

    def _open(self, command: OpenEngine) -> None:
        self._waiting = None
        ticket = _Ticket()
        if command.is_rotation and self._serving is not None:
            self._drop(self._candidate)
            self._candidate = ticket
        else:
            self.close()
            self._serving = ticket
        if self._engine is None:
            self._on_event(ticket, EngineLost(EngineLoss.REFUSED, "not_configured"))
            return
        prepared, self._prepared = self._prepared, None
        if prepared is not None and _tells_the_same(prepared.seed, command.seed) and not prepared.is_lost:
            ticket.session = prepared.session
            self._flush(ticket)
            prepared.hand_over(lambda event: self._on_event(ticket, event))
            return
        if prepared is not None:
            prepared.session.close()
        ticket.session = self._engine.open(self._persona, command.seed, lambda event: self._on_event(ticket, event))
        self._flush(ticket)

    def perform(self, command: EngineCommand) -> None:
        """Hand a command to the serving session, or keep it for the one that is about to be opened."""
        if self._serving is not None and self._serving.session is not None:
            self._serving.session.perform(command)
        elif len(self._pending) < _MOST_PENDING:
            self._pending.append(command)

    def _flush(self, ticket: _Ticket) -> None:
        pending, self._pending = self._pending, []
        for command in pending:
            if ticket.session is not None:
                ticket.session.perform(command)

    def _on_event(self, ticket: _Ticket, event: EngineEvent) -> None:
        if ticket is self._serving:
            self._listener(event)
        elif ticket is self._candidate:
            if isinstance(event, EngineReady):
                self._drop(self._serving)
                self._serving, self._candidate = ticket, None
                self._listener(event)
            elif isinstance(event, EngineLost):
                # The serving session goes on; the call's timer asks for another candidate.
                self._drop(ticket)
                self._candidate = None

    def close(self) -> None:
        """End every session; nothing is heard of them any more."""
        self._cancel_waiting()
        serving, candidate = self._serving, self._candidate
        self._serving = self._candidate = None
        self._drop(serving)
        self._drop(candidate)

    def discard_prepared(self) -> None:
        if self._prepared is not None:
            self._prepared.session.close()
            self._prepared = None

    def _cancel_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    @staticmethod
    def _drop(ticket: _Ticket | None) -> None:
        if ticket is not None and ticket.session is not None:
            ticket.session.close()


def _tells_the_same(one: Seed, other: Seed) -> bool:
    """Whether two seeds hold the same conversation; the note may be a minute older."""
    return (one.turns, one.tools, one.answer_now) == (other.turns, other.tools, other.answer_now)
