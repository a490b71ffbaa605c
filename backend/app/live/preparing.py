"""Collecting what a call needs before its stream is served."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistants.models import Assistant
from app.assistants.service import AssistantService, PhraseBook
from app.assistants.shelf import PhraseShelf
from app.callflow.plan import CallPlan, Past
from app.callflow.words import Phrase
from app.calls.models import Call
from app.calls.service import CallService
from app.live.facts import CallFacts, CallRef, Preparation
from app.live.persona import persona_of
from app.live.tools import settled_by


class Preparer:
    """Reads what calls need; what many of them share is read once. `engine_ready_s`: how long an engine may take."""

    def __init__(self, engine_ready_s: float) -> None:
        self._engine_ready_s = engine_ready_s
        self._shelf = PhraseShelf()

    async def prepare(self, session: AsyncSession, call: Call, now: datetime) -> Preparation:
        """Read assistant, phrases and, for a call that broke, its past."""
        assistant = await AssistantService(session, call.account_id).get(call.assistant_id)
        book = PhraseBook(session, call.account_id, self._shelf)
        rendered = await book.rendered(assistant)
        past = await _past(session, call, now)
        facts = CallFacts(
            ref=ref_of(call),
            caller=call.caller_number,
            called=call.called_number,
            owner_name=assistant.owner_name,
            transfer_number=assistant.transfer_number,
            booking_link=assistant.booking_link,
        )
        plan = CallPlan(
            language=assistant.language,
            texts=book.texts(assistant),
            rendered={key: Phrase(phrase.text, phrase.ms) for key, phrase in rendered.items()},
            note=note_for(assistant, call, now),
            past=past,
            max_duration_s=assistant.max_duration_s,
            silence_s=assistant.silence_s,
            engine_ready_s=self._engine_ready_s,
            response_s=self._engine_ready_s,
        )
        return Preparation(facts, plan, persona_of(assistant), {key: phrase.audio for key, phrase in rendered.items()})


def ref_of(call: Call) -> CallRef:
    return CallRef(call.account_id, call.id, call.carrier_call_id)


async def _past(session: AsyncSession, call: Call, now: datetime) -> Past | None:
    if call.answered_at is None:
        return None
    calls = CallService(session, call.account_id)
    turns, tools = await calls.seed(call.id)
    elapsed = max(0.0, (now - call.answered_at).total_seconds())
    settled = settled_by(await calls.tools_done(call.id))
    return Past(turns, tools, elapsed, await calls.next_ordinal(call.id), settled)


def note_for(assistant: Assistant, call: Call, now: datetime) -> str:
    """What the engine is told of this one call; it stands behind the persona, which stays the same for all calls."""
    try:
        zone = ZoneInfo(assistant.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    local = now.astimezone(zone)
    caller = f"The caller's number is {call.caller_number}" if call.caller_number else "The caller withholds the number"
    return f"It is {local:%A, %d %B %Y, %H:%M} ({zone.key}). {caller}."
