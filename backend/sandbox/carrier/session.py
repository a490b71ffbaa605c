"""The course of a leg: from document to document, until somebody hangs up."""

import asyncio
import contextlib
import time
from urllib.parse import urlsplit

from sandbox.carrier.fields import standard_fields
from sandbox.carrier.interpreter import Interpreter
from sandbox.carrier.leg import Leg
from sandbox.carrier.running import EndOfCall, Fetch, Step
from sandbox.carrier.services import Services
from sandbox.carrier.twiml import TwimlError, Verb, parse
from sandbox.carrier.webhooks import Answer, WebhookFailed

_SORRY = "We are sorry. An application error has occurred. Goodbye."
_APOLOGY = (Verb("Say", text=_SORRY),)
_TWIML_TYPES = ("text/xml", "application/xml", "text/html")


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

    async def run(self, first: Step) -> None:
        """Run from the first document to the end of the leg."""
        self._next = first
        self._services.metronome.join(self._leg.tick)
        try:
            while self._next is not None and not self._is_hanging_up:
                step, self._next = self._next, None
                await self._alone(step)
            if self._is_hanging_up:
                await self._speak_last_words()
        finally:
            self._services.metronome.leave(self._leg.tick)
            self._end()

    def replace(self, step: Step) -> None:
        """Break off what is running and run this instead."""
        self._next = step
        self._break_off()

    def hang_up(self, *, by: str, status: str = "completed") -> None:
        """End the leg: by caller, app or carrier."""
        if self._is_hanging_up:
            return
        self._is_hanging_up = True
        self._leg.ended_by = by
        self._last_status = status if self._leg.is_answered or status != "completed" else "no-answer"
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
        if not self._current.cancelled() and (error := self._current.exception()) is not None:
            raise error

    async def _course(self, step: Step) -> None:
        self._leg.ended_by = "app"
        following: Step | None = step
        try:
            while following is not None:
                verbs, url = await self._document(following)
                following = await self._interpreter.run(verbs, url)
        except EndOfCall as end:
            self._last_status = end.status

    def _end(self) -> None:
        if self._leg.is_answered and self._last_status not in ("completed", "failed"):
            self._last_status = "completed"
        self._leg.end(self._last_status, by=self._leg.ended_by)
        self._services.callbacks.progress(self._leg, "completed")

    # --- documents -------------------------------------------------------------------------------------------------

    async def _document(self, step: Step) -> tuple[tuple[Verb, ...], str]:
        """The verbs to run, and where they were found; an apology when there are none to be had."""
        try:
            return await self._asked(step)
        except (WebhookFailed, TwimlError) as error:
            failed_url = step.url if isinstance(step, Fetch) else ""
            failure = {"ErrorCode": str(error.code), "ErrorUrl": failed_url.partition("#")[0]}
        url, method = self._leg.fallback
        if url and url != failed_url:
            with contextlib.suppress(WebhookFailed, TwimlError):
                return await self._asked(Fetch(url, method, failure))
        self._leg.ended_by = "carrier"
        return _APOLOGY, ""

    async def _asked(self, step: Step) -> tuple[tuple[Verb, ...], str]:
        """Raises WebhookFailed and TwimlError."""
        if not isinstance(step, Fetch):
            return parse(step.twiml), ""
        answer = await self._ask(step)
        return _verbs(answer), answer.url

    async def _ask(self, step: Fetch) -> Answer:
        fields = standard_fields(self._leg, self._services.account_sid) | dict(step.fields)
        began, status = time.monotonic(), 0
        try:
            answer = await self._services.sender.ask(step.url, step.method, fields)
            status = answer.status
        finally:
            ms = round((time.monotonic() - began) * 1000)
            self._leg.handset.tell("webhook", path=urlsplit(step.url).path, status=status, ms=ms)
        return answer

    async def _speak_last_words(self) -> None:
        """Tell the application what came of a verb the hang-up broke off; the answer is not run."""
        step = self._interpreter.last_words
        if isinstance(step, Fetch):
            self._leg.end(self._last_status, by=self._leg.ended_by)
            with contextlib.suppress(WebhookFailed):
                await self._ask(step)


def _verbs(answer: Answer) -> tuple[Verb, ...]:
    """What an answer asks for (twilio-google.md §1.1, accepted response types). Raises TwimlError."""
    if answer.content_type in _TWIML_TYPES:
        return parse(answer.body)
    if answer.content_type.startswith("audio/"):
        return (Verb("Play", text=answer.url),)
    if answer.content_type == "text/plain":
        try:
            return parse(answer.body)
        except TwimlError:
            return (Verb("Say", text=answer.body.decode(errors="replace")),)
    raise TwimlError(12300, "Invalid Content-Type")
