"""Events on their way to the client, in the order in which they were made."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from sandbox.speech.realtime.faults import DuplicateEvents, Faults, StrayRateLimits, UnknownEvents
from sandbox.speech.realtime.ids import new_id
from sandbox.speech.realtime.rate_limits import RateLimits
from sandbox.speech.realtime.refusal import Refusal

_MOST_WAITING = 20_000
"""Events a client may leave unread before it is given up: some minutes of audio."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Closing:
    """How the socket ends. Code 1006 stands for a connection that breaks without a closing frame."""

    code: int
    reason: str = ""


class Outbox:
    """Takes events without waiting, so that what belongs together is sent together; `deliver` sends them."""

    def __init__(self, faults: Faults, rate_limits: RateLimits) -> None:
        self._faults = faults
        self._rate_limits = rate_limits
        self._waiting: asyncio.Queue[str | Closing] = asyncio.Queue()
        self._closing: Closing | None = None
        self.sent: Counter[str] = Counter()

    def event(self, name: str, /, **members: object) -> None:
        """Send an event; its id is added."""
        self._add(name, _encode({"type": name, "event_id": new_id("event"), **members}).decode())
        if self._faults.are_scripted:
            self._spoil(name, members)

    def event_text(self, name: str, text: str) -> None:
        """Send an event that is already JSON and has its id: the way of audio."""
        self._add(name, text)

    def refuse(self, refusal: Refusal, client_event_id: str | None = None) -> None:
        self.event("error", error=refusal.wire(client_event_id))

    def tell_rate_limits(self) -> None:
        self.event("rate_limits.updated", rate_limits=self._rate_limits.wire())

    def close(self, code: int, reason: str = "") -> None:
        """End the connection after what has been sent so far. Later events are dropped."""
        if self._closing is None:
            self._closing = Closing(code, reason)
            self._waiting.put_nowait(self._closing)

    async def deliver(self, send: Callable[[str], Awaitable[None]]) -> Closing:
        """Send everything as it comes until the connection is to be closed."""
        while True:
            entry = await self._waiting.get()
            if isinstance(entry, Closing):
                return entry
            await send(entry)

    def _add(self, name: str, text: str) -> None:
        if self._closing is not None:
            return
        self.sent[name] += 1
        self._waiting.put_nowait(text)
        if self._waiting.qsize() > _MOST_WAITING:
            self.close(1008, "The client does not read.")

    def _spoil(self, name: str, members: dict[str, object]) -> None:
        """Add what a tolerant client must bear: events and members it does not know, repetitions, stray limits."""
        if self._faults.take(DuplicateEvents):
            self._add(name, _encode({"type": name, "event_id": new_id("event"), **members}).decode())
        if self._faults.take(UnknownEvents):
            unknown = {"type": "session.mood.changed", "event_id": new_id("event"), "mood": {"of": name, "value": 1}}
            self._add("session.mood.changed", _encode(unknown).decode())
        if name != "rate_limits.updated" and self._faults.take(StrayRateLimits):
            self.tell_rate_limits()
