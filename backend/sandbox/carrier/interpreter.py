"""Runs TwiML on a leg (twilio-google.md §2)."""

import structlog

from sandbox.carrier.leg import Leg
from sandbox.carrier.running import Handler, Running, Step
from sandbox.carrier.services import Services
from sandbox.carrier.twiml import Verb
from sandbox.carrier.verbs import flow, sounding, streaming

log = structlog.get_logger(__name__)

VERBS: dict[str, Handler] = {
    "Connect": streaming.connect,
    "Hangup": flow.hang_up,
    "Pause": sounding.pause,
    "Play": sounding.play,
    "Redirect": flow.redirect,
    "Reject": flow.reject,
    "Say": sounding.say,
}


def is_answering(verb: Verb) -> bool:
    """Whether this verb, run on a ringing leg, answers it."""
    if verb.name in ("Reject", "Pause", "Redirect"):
        return False
    return not (verb.name == "Dial" and verb.flag("answerOnBridge", default=False))


class Interpreter:
    """Runs documents on one leg; `last_words` is what is asked when the leg goes away meanwhile."""

    def __init__(self, leg: Leg, services: Services) -> None:
        self._leg = leg
        self._services = services
        self._running: Running | None = None

    @property
    def last_words(self) -> Step | None:
        return None if self._running is None else self._running.last_words

    async def run(self, verbs: tuple[Verb, ...], url: str) -> Step | None:
        """Run a document from `url`. Returns what replaces it, None at its end. Raises EndOfCall."""
        running = self._running = Running(self._leg, self._services, url)
        for verb in verbs:
            handler = VERBS.get(verb.name)
            if handler is None:
                log.warning("verb not known, skipped", code=12200, verb=verb.name)
                continue
            if is_answering(verb):
                self._answer()
            self._leg.handset.tell("verb", verb=verb.name, **{k: v for k, v in verb.attributes.items() if k != "verb"})
            step = await handler(running, verb)
            running.last_words = None
            if step is not None:
                return step
        return None

    def _answer(self) -> None:
        if not self._leg.is_answered:
            self._leg.answer()
            self._services.callbacks.progress(self._leg, "answered")
