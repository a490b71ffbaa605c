"""Runs TwiML on a leg (twilio-google.md §2)."""

from collections.abc import Mapping

import structlog

from sandbox.carrier.documents import Document, load
from sandbox.carrier.leg import Leg
from sandbox.carrier.running import Handler, Running
from sandbox.carrier.services import Services
from sandbox.carrier.steps import EndOfCall, Fetch, Step
from sandbox.carrier.twiml import Verb
from sandbox.carrier.verbs import background, dialling, flow, gathering, recording, sounding, streaming

log = structlog.get_logger(__name__)

WHISPER_VERBS: Mapping[str, Handler] = {
    "Gather": gathering.gather,
    "Hangup": flow.hang_up,
    "Pause": sounding.pause,
    "Play": sounding.play,
    "Redirect": flow.redirect,
    "Say": sounding.say,
}
"""What may be done with a callee before the caller is put through."""

VERBS: Mapping[str, Handler] = {
    **WHISPER_VERBS,
    "Connect": streaming.connect,
    "Dial": dialling.dial,
    "Record": recording.record,
    "Reject": flow.reject,
    "Start": background.start,
    "Stop": background.stop,
}


def is_answering(verb: Verb) -> bool:
    """Whether this verb, run on a ringing leg, answers it: all do that are not made to put the answer off."""
    if verb.name in ("Reject", "Pause"):
        return False
    return not (verb.name == "Dial" and verb.flag("answerOnBridge", default=False))


class Interpreter:
    """Runs documents on one leg."""

    def __init__(self, leg: Leg, services: Services, verbs: Mapping[str, Handler] = VERBS) -> None:
        self._leg = leg
        self._services = services
        self._verbs = verbs
        self._running: Running | None = None

    def last_words(self) -> Fetch | None:
        """What is to be asked when the leg has gone away in the middle of a verb."""
        return None if self._running is None else self._running.last_words()

    async def run(self, step: Step) -> None:
        """Run document after document until one of them ends. Raises EndOfCall."""
        following: Step | None = step
        while following is not None:
            following = await self._run(await load(self._leg, self._services, following))

    async def _run(self, document: Document) -> Step | None:
        """Returns what replaces the document, None at its end."""
        running = self._running = Running(self._leg, self._services, document.url, self._whisper)
        for verb in document.verbs:
            handler = self._verbs.get(verb.name)
            if handler is None:
                log.warning("verb not known here, skipped", code=12200, verb=verb.name)
                continue
            if is_answering(verb):
                running.answer()
            self._leg.handset.tell("verb", **{**verb.attributes, "verb": verb.name})
            step = await handler(running, verb)
            running.last_words = _nothing
            if step is not None:
                return step
        return None

    async def _whisper(self, leg: Leg, step: Step) -> bool:
        try:
            await Interpreter(leg, self._services, WHISPER_VERBS).run(step)
        except EndOfCall:
            return False
        return True


def _nothing() -> None:
    return None
