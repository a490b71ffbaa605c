"""A document being run on a leg: where it came from, and what may come next."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from sandbox.carrier.leg import Leg
from sandbox.carrier.playout import Playout
from sandbox.carrier.services import Services
from sandbox.carrier.steps import Fetch, Step
from sandbox.carrier.twiml import Verb

Whisper = Callable[[Leg, Step], Coroutine[Any, Any, bool]]
"""Runs documents for one leg alone; returns whether that leg still wants to be put through."""


@dataclass(slots=True)
class Running:
    """`url` is where the document was found, empty for one that came by REST. `last_words` says what is asked once
    more when the leg goes away while a verb waits; that answer is not run. `whisper` runs documents on another leg.
    """

    leg: Leg
    services: Services
    url: str
    whisper: Whisper
    last_words: Callable[[], Fetch | None] = field(default=lambda: None)

    def action(self, verb: Verb, fields: Mapping[str, str]) -> Fetch:
        """The verb's `action`, by default the document itself, with what came of the verb."""
        return Fetch(urljoin(self.url, verb.get("action")), verb.get("method", "POST"), fields)

    def answer(self) -> None:
        """Answer the leg, if it still rings."""
        if not self.leg.is_answered:
            self.leg.answer()
            self.services.callbacks.progress(self.leg, "answered")

    def resolved(self, url: str) -> str:
        """An address in the document as an absolute one; empty stays empty."""
        return urljoin(self.url, url) if url else ""


Handler = Callable[[Running, Verb], Awaitable[Step | None]]
"""Performs a verb; returns the step that replaces the document, or None for the next verb."""


async def play_out(leg: Leg, audio: bytes) -> None:
    """Let the leg hear audio, to its end."""
    over = asyncio.Event()
    playout = Playout(lambda name: over.set())
    playout.append(audio)
    playout.mark("end")
    leg.source = playout
    try:
        await over.wait()
    finally:
        if leg.source is playout:
            leg.source = None
