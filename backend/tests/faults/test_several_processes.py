"""Two processes behind one address, with nothing in common but the database."""

from pathlib import Path

from app.callflow.words import Disposition
from app.numbers.service import Line
from app.store.database import Database
from sandbox.speech.parts import Said, Speak
from tests.faults.processes import serve_process
from tests.faults.records import stored
from tests.faults.settings import engine_at
from tests.faults.stream_end import stream, token_of
from tests.live.server import call_sid, parsed, verbs
from tests.sandbox.speech.realtime_wire import ScriptedBrain, ScriptedEars, Service

SID = call_sid(1)
_POLICY_VIOLATION = 1008
PUBLIC = "https://assistant.example"


async def test_every_step_of_a_call_at_another_process(
    database: Database, line: Line, speech: Service, ears: ScriptedEars, brain: ScriptedBrain, tmp_path: Path
) -> None:
    ears.lines = ["when are you open", "thank you bye"]
    brain.turns = [[Speak("From nine to five.")], [Speak("You are welcome.")]]
    common = {"database_url": database.url, **engine_at(speech.port), "public_base_url": PUBLIC}
    running = {"CallSid": SID, "CallStatus": "in-progress"}
    async with serve_process(tmp_path, **common) as one, serve_process(tmp_path, **common) as other:
        token = token_of(await one.ring(SID, idempotency="ring"))
        assert token_of(await other.ring(SID, idempotency="ring")) == token
        async with stream(other, SID, token, at=other.address) as end:
            await end.answer()
            async with stream(one, SID, token, at=one.address) as second:
                assert await second.close_code() == _POLICY_VIOLATION
            await end.ask()
            await stored(database, SID, lambda it: any(turn.text == "From nine to five." for turn in it.turns))
            end.socket.transport.abort()
        document = parsed((await one.post("/calls/after-stream", running)).text)
        async with stream(one, SID, token_of(document), at=one.address) as end:
            await end.answer()
            await end.ask()
            await end.hang_up()
        await other.post("/calls/status", {"CallSid": SID, "CallStatus": "completed", "CallDuration": "42"})
        found = await stored(database, SID, lambda it: it.disposition is not None and it.ended_at is not None)
        assert verbs(parsed((await other.post("/calls/after-stream", running)).text)) == []

    remembered = [item.text for item in brain.situations[-1].items if isinstance(item, Said)]
    assert "From nine to five." in remembered
    assert (found.call.disposition, found.call.duration_s) == (Disposition.ANSWERED, 42)
