"""Redirect, Hangup, Reject."""

from sandbox.carrier.running import Running
from sandbox.carrier.steps import EndOfCall, Fetch, Step
from sandbox.carrier.twiml import Verb


async def redirect(running: Running, verb: Verb) -> Step | None:
    return Fetch(running.resolved(verb.text), verb.get("method", "POST"))


async def hang_up(running: Running, verb: Verb) -> Step | None:
    raise EndOfCall


async def reject(running: Running, verb: Verb) -> Step | None:
    """Works only before the call is answered; later it is a hang-up."""
    if running.leg.is_answered:
        raise EndOfCall
    raise EndOfCall("busy" if verb.get("reason") == "busy" else "no-answer")
