"""A voicemail reaches the owner whichever of its messages gets through, and nobody is asked for it twice."""

from datetime import timedelta

import pytest

from app.adapters.twilio.rest import TwilioRest
from app.callflow.words import Disposition
from app.core.clock import utc_now
from app.core.config import Settings
from app.live.missed import MissedCalls
from app.messaging.models import MessageKind
from app.numbers.service import Line
from app.store.database import Database
from tests.faults.exchange import exchange, is_verb, leave_voicemail
from tests.faults.processes import ACCOUNT
from tests.faults.records import stored
from tests.faults.stream_end import PATIENCE_S
from tests.live.server import TOKEN, call_sid, parsed, serving, verbs
from tests.sandbox.carrier.servers import free_port
from tests.sandbox.speech.realtime_wire import Service

SID = call_sid(1)
NOWHERE = "postgresql://nobody@127.0.0.1:9/none"
RECORDED = {
    "CallSid": SID,
    "RecordingSid": "RE1",
    "RecordingUrl": "http://x/RE1",
    "RecordingDuration": "7",
    "RecordingStatus": "completed",
    "RecordingSource": "RecordVerb",
}


@pytest.mark.parametrize("paths", [["recording"], ["after-voicemail"], ["recording", "after-voicemail", "recording"]])
async def test_either_report_makes_one_message(database: Database, line: Line, paths: list[str]) -> None:
    async with serving(database.url, openai_api_key="") as server:
        await server.ring(SID)
        await server.post("/calls/status", {"CallSid": SID, "CallStatus": "completed", "CallDuration": "9"})
        for path in paths:
            await server.post(f"/calls/{path}", RECORDED)
    found = await stored(database, SID)

    assert [message.kind for message in found.messages] == [MessageKind.VOICEMAIL]
    assert found.call.disposition is Disposition.MESSAGE_TAKEN


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("after-voicemail", RECORDED),
        ("after-dial", {"CallSid": SID, "DialCallStatus": "completed", "DialBridged": "true"}),
    ],
)
async def test_database_away_ends_the_call_instead_of_asking_again(path: str, form: dict[str, str]) -> None:
    async with serving(NOWHERE) as server:
        answer = await server.post(f"/calls/{path}", form)

    assert verbs(parsed(answer.text)) == ["Hangup"]


async def test_call_that_lasts_is_adopted_when_it_is_over(database: Database, line: Line, speech: Service) -> None:
    """The carrier lists calls by their beginning, which is long past by then."""
    now = utc_now()
    port = free_port()
    settings = Settings.model_validate(
        {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_base_url": f"http://127.0.0.1:{port}"}
    )
    carrier_rest = TwilioRest(settings)
    missed = MissedCalls(database.sessions, carrier_rest, lambda: now)
    async with serving(NOWHERE) as blind, exchange(blind, port, speech.http_url) as carrier:
        async with carrier.ring() as handset:
            assert await handset.until(is_verb("Record"), PATIENCE_S) is not None
            assert await missed.adopt() == 0
            now += timedelta(minutes=10)
            assert await missed.adopt() == 0
            await leave_voicemail(handset)
        now += timedelta(minutes=10)
        adopted = [await missed.adopt(), await missed.adopt()]
    await carrier_rest.close()
    found = await stored(database, handset.call_sid)

    assert adopted == [1, 0]
    assert found.call.disposition is Disposition.MESSAGE_TAKEN
