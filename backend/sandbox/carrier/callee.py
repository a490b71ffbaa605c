"""The other end of a <Dial>."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from sandbox.carrier.leg import Leg
from sandbox.carrier.playout import SILENT_FRAME
from sandbox.carrier.ringing import end_leg, ring_out
from sandbox.carrier.services import Services
from sandbox.carrier.steps import Step
from sandbox.carrier.twiml import Verb

_Result = TypeVar("_Result")


class Ear:
    """Hears what is said into another leg."""

    def __init__(self, other: Leg) -> None:
        self._other = other

    def next_frame(self) -> bytes | None:
        spoken = self._other.spoken
        return None if spoken == SILENT_FRAME else spoken


class Callee:
    """Somebody a <Dial> rings; `noun` is the element that names them."""

    def __init__(self, leg: Leg, services: Services, noun: Verb) -> None:
        self.leg = leg
        self.noun = noun
        self._services = services
        self._has_rung = False
        self._gone = asyncio.Event()
        leg.control = self

    async def ring(self, ring_s: float) -> bool:
        """Whether they answer."""
        self._has_rung = True
        self._services.legs.add(self.leg)
        self._services.callbacks.progress(self.leg, "initiated")
        self._services.metronome.join(self.leg.tick)
        self.leg.on_end.append(lambda: self._services.metronome.leave(self.leg.tick))
        party = self._services.parties.at(self.leg.called)
        return bool(await self.unless_gone(ring_out(self.leg, self._services, party, ring_s)))

    async def unless_gone(self, work: Coroutine[Any, Any, _Result]) -> _Result | None:
        """What comes of `work`; None when they are gone first."""
        loop = asyncio.get_running_loop()
        working, gone = loop.create_task(work), loop.create_task(self._gone.wait())
        try:
            await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            gone.cancel()

    def let_go(self) -> None:
        """Hang up on them, or stop ringing; nothing happens when they are gone or were never rung."""
        if self._has_rung:
            end_leg(self.leg, self._services, "completed" if self.leg.is_answered else "canceled", by="carrier")
            self._gone.set()

    def hang_up(self, *, by: str, status: str = "completed") -> None:
        """They hang up, or are hung up on."""
        last = "canceled" if status == "completed" and not self.leg.is_answered else status
        end_leg(self.leg, self._services, last, by=by)
        self._gone.set()

    def replace(self, step: Step) -> None:
        """A document for the callee alone takes them out of the conversation; here that ends their leg."""
        self.hang_up(by="app")
