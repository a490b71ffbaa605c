"""Gather: keys the caller presses. Speech is not recognised here: it counts as no input."""

import asyncio
from dataclasses import dataclass

from sandbox.carrier.running import Handler, Running
from sandbox.carrier.steps import Step
from sandbox.carrier.twiml import Verb
from sandbox.carrier.verbs import sounding

_PROMPTS: dict[str, Handler] = {"Say": sounding.say, "Play": sounding.play, "Pause": sounding.pause}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How many keys end the input, which key does, and how long to wait for each."""

    count: int
    finish_keys: str
    timeout_s: float


async def gather(running: Running, verb: Verb) -> Step | None:
    """Without input the next verb follows, unless `actionOnEmptyResult` is set."""
    listens = "dtmf" in verb.get("input", "dtmf")
    wanted = _Wanted(int(verb.number("numDigits", 0)), verb.get("finishOnKey", "#"), verb.number("timeout", 5))
    keys: asyncio.Queue[str] = asyncio.Queue()
    if listens:
        running.leg.key_listeners.append(keys.put_nowait)
    prompt = asyncio.get_running_loop().create_task(_prompt(running, verb))
    try:
        digits, finished_on = await _digits(keys, prompt, wanted)
    finally:
        prompt.cancel()
        if listens:
            running.leg.key_listeners.remove(keys.put_nowait)
    if not digits and not verb.flag("actionOnEmptyResult", default=False):
        return None
    fields = {"Digits": digits} | ({"FinishedOnKey": finished_on} if finished_on else {})
    return running.action(verb, fields)


async def _prompt(running: Running, verb: Verb) -> None:
    for child in verb.children:
        handler = _PROMPTS.get(child.name)
        if handler is not None:
            await handler(running, child)


async def _digits(keys: asyncio.Queue[str], prompt: asyncio.Task[None], wanted: _Wanted) -> tuple[str, str]:
    """The keys, and the one that ended the input if one did. A key ends the prompt; the wait begins after it."""
    digits = ""
    while not wanted.count or len(digits) < wanted.count:
        key = await _next_key(keys, prompt, wanted.timeout_s)
        if key is None:
            return digits, ""
        prompt.cancel()
        if key in wanted.finish_keys:
            return digits, key
        digits += key
    return digits, ""


async def _next_key(keys: asyncio.Queue[str], prompt: asyncio.Task[None], timeout_s: float) -> str | None:
    getting = asyncio.get_running_loop().create_task(keys.get())
    try:
        if not prompt.done():
            await asyncio.wait({getting, prompt}, return_when=asyncio.FIRST_COMPLETED)
        if not getting.done():
            await asyncio.wait({getting}, timeout=timeout_s)
        return getting.result() if getting.done() else None
    finally:
        getting.cancel()
