"""A document being run on a leg: where it came from, and what may come next."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

from sandbox.carrier.leg import Leg
from sandbox.carrier.playout import Playout
from sandbox.carrier.services import Services
from sandbox.carrier.twiml import Verb


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask this address what comes next."""

    url: str
    method: str = "POST"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inline:
    """Run this document."""

    twiml: str


Step = Fetch | Inline


class EndOfCall(Exception):
    """A verb ends the call; `status` is the leg's last."""

    def __init__(self, status: str = "completed") -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Running:
    """`url` is where the document was found, empty for one that came by REST. `last_words` is asked once more when the
    leg goes away while a verb waits; its answer is not run.
    """

    leg: Leg
    services: Services
    url: str
    last_words: Fetch | None = None

    def action(self, verb: Verb, fields: Mapping[str, str]) -> Fetch:
        """The verb's `action`, by default the document itself, with what came of the verb."""
        return Fetch(urljoin(self.url, verb.get("action")), verb.get("method", "POST"), fields)

    def resolve(self, url: str) -> str:
        return urljoin(self.url, url)


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
