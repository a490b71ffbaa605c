"""The course of a leg: from document to document, until somebody hangs up."""

import asyncio
import contextlib

from sandbox.carrier.documents import ask
from sandbox.carrier.interpreter import Interpreter
from sandbox.carrier.leg import Leg
from sandbox.carrier.ringing import end_leg
from sandbox.carrier.services import Services
from sandbox.carrier.steps import EndOfCall, Step
from sandbox.carrier.webhooks import WebhookFailed


class Session:
    """Runs one leg. REST and the handset take part by `replace` and `hang_up`."""

    def __init__(self, leg: Leg, services: Services) -> None:
        self._leg = leg
        self._services = services
        self._interpreter = Interpreter(leg, services)
        self._next: Step | None = None
        self._current: asyncio.Task[None] | None = None
        self._is_hanging_up = False
        self._last_status = "completed"
        leg.control = self

    async def run(self, first: Step) -> None:
        """Run from the first document to the end of the leg."""
        self._next = self._next or first
        self._services.metronome.join(self._leg.tick)
        limit = asyncio.get_running_loop().call_later(self._leg.longest_s, lambda: self.hang_up(by="carrier"))
        try:
            while self._next is not None and not self._is_hanging_up:
                step, self._next = self._next, None
                await self._alone(step)
            self._end()
            if self._is_hanging_up:
                await self._speak_last_words()
        finally:
            self._services.metronome.leave(self._leg.tick)
            self._end()
            limit.cancel()

    def replace(self, step: Step) -> None:
        self._next = step
        self._break_off()

    def hang_up(self, *, by: str, status: str = "completed") -> None:
        if self._is_hanging_up or self._leg.is_over:
            return
        self._is_hanging_up = True
        self._leg.ended_by = by
        self._last_status = "no-answer" if status == "completed" and not self._leg.is_answered else status
        self._break_off()

    def _break_off(self) -> None:
        if self._current is not None:
            self._current.cancel()

    async def _alone(self, step: Step) -> None:
        """Run documents in a task that can be broken off without ending the session."""
        self._current = asyncio.get_running_loop().create_task(self._course(step))
        try:
            await asyncio.wait({self._current})
        finally:
            self._current.cancel()
            await asyncio.wait({self._current})
        if not self._current.cancelled() and (error := self._current.exception()) is not None:
            raise error

    async def _course(self, step: Step) -> None:
        self._leg.ended_by = "app"
        try:
            await self._interpreter.run(step)
        except EndOfCall as end:
            self._last_status = end.status

    def _end(self) -> None:
        status = "completed" if self._leg.is_answered else self._last_status
        end_leg(self._leg, self._services, status, by=self._leg.ended_by)

    async def _speak_last_words(self) -> None:
        """Tell the application what came of a verb the hang-up broke off; the answer is not run."""
        step = self._interpreter.last_words()
        if step is not None:
            with contextlib.suppress(WebhookFailed):
                await ask(self._leg, self._services, step)
