"""SIGTERM in the middle of a call: live calls finish here or go on elsewhere, new ones get voicemail."""

import asyncio
import os
import signal
from pathlib import Path

from app.callflow.words import Disposition, HangUpReason
from app.numbers.service import Line
from app.store.database import Database
from sandbox.speech.parts import Said, Speak, UseTool
from tests.faults.processes import ServeProcess, serve_process
from tests.faults.records import stored, troubles
from tests.faults.settings import engine_at
from tests.faults.stream_end import PATIENCE_S, call, stream, token_of
from tests.live.server import call_sid, parsed, verbs
from tests.sandbox.speech.realtime_wire import ScriptedBrain, ScriptedEars, Service

SID = call_sid(1)
GOODBYE: list[Speak | UseTool] = [Speak("Goodbye."), UseTool("hang_up", {"reason": "finished"})]
_RESTART = 1012


async def terminate(app: ServeProcess) -> None:
    """Send SIGTERM, and wait until the process has taken notice."""
    os.kill(app.child.pid, signal.SIGTERM)
    await app.until(lambda found: found["reasons"] == ["draining"])


async def exit_status(app: ServeProcess) -> int:
    async with asyncio.timeout(PATIENCE_S):
        return await app.child.wait()


async def test_live_call_finishes_and_new_ones_get_voicemail(
    database: Database, line: Line, speech: Service, ears: ScriptedEars, brain: ScriptedBrain, tmp_path: Path
) -> None:
    ears.lines = ["when are you open", "thank you bye"]
    brain.turns = [[Speak("From nine to five.")], list(GOODBYE)]
    async with (
        serve_process(tmp_path, database_url=database.url, **engine_at(speech.port)) as app,
        call(app, SID) as end,
    ):
        await terminate(app)

        assert verbs(await app.ring(call_sid(2))) == ["Say", "Record", "Redirect"]
        await end.ask()
        await end.ask()
        assert await end.close_code() == 1000
        answer = await app.post("/calls/after-stream", {"CallSid": SID, "CallStatus": "in-progress"})
        assert verbs(parsed(answer.text)) == ["Hangup"]
        assert await exit_status(app) == 0

    ended = (await stored(database, SID)).call
    assert (ended.disposition, ended.hang_up_reason) == (Disposition.ANSWERED, HangUpReason.ASSISTANT)
    assert troubles((await stored(database, call_sid(2))).call) == ["draining"]


async def test_call_beyond_the_limit_goes_on_at_another_process(
    database: Database, line: Line, speech: Service, ears: ScriptedEars, brain: ScriptedBrain, tmp_path: Path
) -> None:
    ears.lines = ["please note that bob called", "thank you bye"]
    message: dict[str, object] = {"text": "Bob called.", "urgency": "normal"}
    brain.turns = [[UseTool("take_message", message)], [Speak("I have noted it.")], list(GOODBYE)]
    async with (
        serve_process(tmp_path, database_url=database.url, **engine_at(speech.port), drain_s="0.5") as draining,
        serve_process(tmp_path, database_url=database.url, **engine_at(speech.port)) as other,
    ):
        async with call(draining, SID) as end:
            await end.ask()
            await terminate(draining)
            assert await end.close_code() == _RESTART
        document = parsed((await other.post("/calls/after-stream", {"CallSid": SID, "CallStatus": "in-progress"})).text)
        assert await exit_status(draining) == 0
        async with stream(other, SID, token_of(document)) as end:
            await end.answer()
            await end.ask()
            assert await end.close_code() == 1000

    remembered = [item.text for item in brain.situations[-1].items if isinstance(item, Said)]
    found = await stored(database, SID)
    assert "I have noted it." in remembered
    assert [turn.ordinal for turn in found.call.turns] == list(range(len(found.call.turns)))
    assert [turn.text for turn in found.call.turns if turn.text in ("I have noted it.", "Goodbye.")] == [
        "I have noted it.",
        "Goodbye.",
    ]
    # The message was taken before the break, and the goodbye said after it.
    assert (found.call.disposition, found.call.hang_up_reason) == (Disposition.MESSAGE_TAKEN, HangUpReason.ASSISTANT)
    assert troubles(found.call) == ["stream_broken"]
