"""Legs that go out: how they ring, who answers, how they end."""

import asyncio

from sandbox.carrier.leg import Leg
from sandbox.carrier.parties import Behaviour, Party
from sandbox.carrier.services import Services

_OUTCOMES: dict[Behaviour, str] = {"busy": "busy", "reject": "busy", "invalid": "failed"}
_BEFORE_KEYS_S = 1.0


async def ring_out(leg: Leg, services: Services, party: Party, ring_s: float) -> bool:
    """Let the leg ring at the party for at most `ring_s`; whether it was answered. If not, the leg has ended."""
    leg.status = "ringing"
    services.callbacks.progress(leg, "ringing")
    leg.handset.tell("ringing")
    outcome = _OUTCOMES.get(party.behaviour, "no-answer")
    delay_s = party.after_s if party.behaviour != "no_answer" else ring_s
    await asyncio.sleep(min(delay_s, ring_s))
    if party.behaviour == "answer" and delay_s <= ring_s:
        leg.answer()
        services.callbacks.progress(leg, "answered")
        leg.on_end.append(services.tasks.spawn(_behave(leg, services, party)).cancel)
        return True
    end_leg(leg, services, outcome, by="carrier")
    return False


def end_leg(leg: Leg, services: Services, status: str, *, by: str) -> None:
    """End a leg and tell whoever wants to know; only the first end counts."""
    if not leg.is_over:
        leg.end(status, by=by)
        services.callbacks.progress(leg, "completed")


async def _behave(leg: Leg, services: Services, party: Party) -> None:
    """What the party does after it has answered."""
    if party.says:
        audio = await services.voice.render(party.says, language=party.language, voice=party.voice)
        leg.handset.speak("greeting", audio, party.says)
    if party.presses:
        await asyncio.sleep(_BEFORE_KEYS_S)
        leg.press(party.presses)
    if party.for_s:
        await asyncio.sleep(party.for_s)
        if leg.control is not None:
            leg.control.hang_up(by="caller")
