"""Getting TwiML: asking the application, its fallback, and an apology when neither helps."""

import contextlib
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.carrier.fields import standard_fields
from sandbox.carrier.leg import Leg
from sandbox.carrier.services import Services
from sandbox.carrier.steps import Fetch, Step
from sandbox.carrier.twiml import TwimlError, Verb, parse
from sandbox.carrier.webhooks import Answer, WebhookFailed

_APOLOGY = (Verb("Say", text="We are sorry. An application error has occurred. Goodbye."),)
_TWIML_TYPES = ("text/xml", "application/xml", "text/html")


@dataclass(frozen=True, slots=True)
class Document:
    """Verbs and where they were found; an empty `url` when they came by REST or from us."""

    verbs: tuple[Verb, ...]
    url: str = ""


async def load(leg: Leg, services: Services, step: Step) -> Document:
    """The document to run on a leg."""
    try:
        return await _asked(leg, services, step)
    except (WebhookFailed, TwimlError) as error:
        failed = step if isinstance(step, Fetch) else Fetch("")
        failure = {**failed.fields, "ErrorCode": str(error.code), "ErrorUrl": failed.url.partition("#")[0]}
    url, method = leg.fallback
    if url and url != failed.url:
        with contextlib.suppress(WebhookFailed, TwimlError):
            return await _asked(leg, services, Fetch(url, method, failure))
    leg.ended_by = "carrier"
    return Document(_APOLOGY)


async def ask(leg: Leg, services: Services, step: Fetch) -> Answer:
    """Ask the application about a leg. Raises WebhookFailed."""
    fields = standard_fields(leg, services.account_sid) | dict(step.fields)
    began, status = time.monotonic(), 0
    try:
        answer = await services.sender.ask(step.url, step.method, fields)
        status = answer.status
    except WebhookFailed as error:
        status = error.status
        raise
    finally:
        ms = round((time.monotonic() - began) * 1000)
        leg.handset.tell("webhook", path=urlsplit(step.url).path, status=status, ms=ms)
    return answer


async def _asked(leg: Leg, services: Services, step: Step) -> Document:
    """Raises WebhookFailed and TwimlError."""
    if not isinstance(step, Fetch):
        return Document(parse(step.twiml))
    answer = await ask(leg, services, step)
    return Document(_verbs(answer), answer.url)


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
