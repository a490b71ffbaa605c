"""Calls that nobody holds any more and calls we never heard of: the next process settles them with the carrier."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from app.callflow.words import Disposition, HangUpReason
from app.calls.models import Call, RecordingStatus
from app.calls.service import CallDetail, CallService
from app.messaging.models import MessageKind
from app.numbers.service import Line
from app.store.database import Database
from sandbox.speech.parts import Speak, UseTool
from tests.faults.exchange import ended, exchange, is_verb, leave_voicemail
from tests.faults.processes import serve_process
from tests.faults.records import stored, troubles
from tests.faults.settings import engine_at
from tests.faults.stream_end import PATIENCE_S, SPOKEN
from tests.live.server import CALLER
from tests.sandbox.carrier.servers import free_port
from tests.sandbox.speech.realtime_wire import ScriptedBrain, ScriptedEars, Service

NOWHERE = "postgresql://nobody@127.0.0.1:9/none"
MESSAGE: dict[str, object] = {"text": "Bob called.", "urgency": "normal"}


def is_settled(call: Call) -> bool:
    return call.ended_at is not None and call.disposition is not None


async def let_leases_run_out(database: Database) -> None:
    """As if nobody had come for a quarter of an hour."""
    async with database.sessions.begin() as session:
        await session.execute(text("UPDATE calls SET lease_until = lease_until - interval '15 minutes'"))


async def recordings(database: Database, found: CallDetail) -> list[tuple[str, RecordingStatus]]:
    async with database.sessions() as session:
        kept = await CallService(session, found.call.account_id).recordings(found.call.id)
        return [(recording.carrier_recording_id, recording.status) for recording in kept]


async def test_call_of_a_killed_process(
    database: Database, line: Line, speech: Service, ears: ScriptedEars, brain: ScriptedBrain, tmp_path: Path
) -> None:
    ears.lines = ["please note that bob called"]
    brain.turns = [[UseTool("take_message", MESSAGE)], [Speak("I have noted it.")]]
    port = free_port()
    common = {
        "database_url": database.url,
        **engine_at(speech.port),
        "twilio_base_url": f"http://127.0.0.1:{port}",
    }
    async with (
        serve_process(tmp_path, **common) as app,
        exchange(app, port, speech.http_url) as carrier,
        carrier.ring() as handset,
    ):
        await handset.until_quiet(0.2, PATIENCE_S)
        await handset.play(SPOKEN)
        await stored(database, handset.call_sid, lambda call: bool(call.tool_calls) and len(call.turns) > 3)
        app.child.kill()
        await ended(handset)
        left = (await stored(database, handset.call_sid)).call
        await let_leases_run_out(database)
        async with serve_process(tmp_path, **common):
            found = await stored(database, handset.call_sid, is_settled)

    assert (left.ended_at, left.disposition) == (None, None)
    assert (found.call.disposition, found.call.hang_up_reason) == (Disposition.MESSAGE_TAKEN, HangUpReason.CARRIER)
    assert found.call.carrier_status == "completed"
    assert found.call.duration_s is not None
    assert [message.text for message in found.messages] == ["Bob called."]
    assert "process_lost" in troubles(found.call)


async def test_voicemail_of_a_killed_process(database: Database, line: Line, speech: Service, tmp_path: Path) -> None:
    port = free_port()
    common = {
        "database_url": database.url,
        **engine_at(speech.port),
        "twilio_base_url": f"http://127.0.0.1:{port}",
        "openai_api_key": "",
    }
    async with serve_process(tmp_path, **common) as app, exchange(app, port, speech.http_url) as carrier:
        async with carrier.ring() as handset:
            assert await handset.until(is_verb("Record"), PATIENCE_S) is not None
            app.child.kill()
            await leave_voicemail(handset)
        await let_leases_run_out(database)
        async with serve_process(tmp_path, **common):
            found = await stored(database, handset.call_sid, is_settled)

    assert found.call.disposition is Disposition.MESSAGE_TAKEN
    assert [message.kind for message in found.messages] == [MessageKind.VOICEMAIL]
    assert await recordings(database, found) == [(found.messages[0].carrier_recording_id, RecordingStatus.COMPLETED)]


async def test_calls_that_rang_while_the_database_was_away(
    database: Database, line: Line, speech: Service, tmp_path: Path
) -> None:
    port = free_port()
    common = {**engine_at(speech.port), "twilio_base_url": f"http://127.0.0.1:{port}"}
    async with (
        serve_process(tmp_path, database_url=NOWHERE, **common) as blind,
        exchange(blind, port, speech.http_url) as carrier,
    ):
        async with carrier.ring() as answered:
            assert await answered.until(is_verb("Say"), PATIENCE_S) is not None
            await carrier.lead_astray(f"{blind.base}/nothing/here")
            async with carrier.ring() as fallen_back:
                await asyncio.gather(leave_voicemail(answered), leave_voicemail(fallen_back))
        # Two at once: each finds the calls, and they are entered once.
        seeing = {"database_url": database.url, **common}
        async with serve_process(tmp_path, **seeing), serve_process(tmp_path, **seeing):
            found = [await stored(database, it.call_sid, is_settled) for it in (answered, fallen_back)]

    assert any(event.get("path") == "/calls/fallback" for event in fallen_back.events)
    for one in found:
        assert one.call.caller_number == CALLER
        assert one.call.disposition is Disposition.MESSAGE_TAKEN
        assert one.call.duration_s is not None
        assert "answered_by_fallback" in troubles(one.call)
        assert [message.kind for message in one.messages] == [MessageKind.VOICEMAIL]
        kept = [(one.messages[0].carrier_recording_id, RecordingStatus.COMPLETED)]
        assert await recordings(database, one) == kept
