"""What the carrier, and whoever pretends to be the carrier, can do at the edge."""

import asyncio
import json
import xml.etree.ElementTree as ET
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.calls.service import CallService, CarrierCalls
from app.numbers.service import Line
from app.store.database import Database
from tests.factories.lines import a_line
from tests.live.server import Server, call_sid, parsed, serving, sign, verbs


@pytest.fixture
async def line(database: Database) -> Line:
    async with database.sessions.begin() as session:
        return await a_line(session)


def token_of(document: ET.Element) -> str:
    parameter = document.find("./Connect/Stream/Parameter[@name='token']")
    assert parameter is not None
    return parameter.attrib["value"]


def start(sid: str, token: str, encoding: str = "audio/x-mulaw") -> str:
    body = {
        "streamSid": "MZ1",
        "callSid": sid,
        "accountSid": "AC0",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": encoding, "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
    }
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": body, "streamSid": "MZ1"})


def stream(server: Server) -> connect:
    url = server.stream_url
    return connect(url, additional_headers={"x-twilio-signature": sign(url)})


async def close_code(client: ClientConnection) -> int | None:
    """The code with which the server closes, after whatever it still sends."""
    async with asyncio.timeout(15):
        with suppress(ConnectionClosed):
            async for _ in client:
                pass
        await client.wait_closed()
    return client.close_code


class TestWebhooks:
    async def test_wrong_signature_is_refused(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            for path in ("inbound", "status", "after-stream", "after-dial", "after-voicemail", "recording", "fallback"):
                answer = await server.post(f"/calls/{path}", {"CallSid": call_sid(1)}, signature="nonsense")

                assert answer.status_code == 403
                assert answer.json()["code"] == "signature_invalid"

    async def test_a_rotated_secret_is_accepted(self, database: Database, line: Line) -> None:
        async with serving(database.url, twilio_auth_token="new,test-auth-token") as server:
            assert verbs(await server.ring(call_sid(1))) == ["Connect", "Redirect"]

    async def test_ring_connects_and_always_redirects_behind_the_stream(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            document = await server.ring(call_sid(1))

            stream_verb = document.find("./Connect/Stream")
            assert verbs(document) == ["Connect", "Redirect"]
            assert stream_verb is not None
            assert stream_verb.attrib["url"] == server.stream_url
            assert document[1].text == f"{server.base}/calls/after-stream"

    async def test_replayed_webhook_gets_the_same_answer_and_no_new_token(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            first = await server.ring(call_sid(1), idempotency="once")
            again = await server.ring(call_sid(1), idempotency="once")

            assert token_of(first) == token_of(again)

    async def test_number_not_in_service_is_told_so(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            assert verbs(await server.ring(call_sid(1), to="+15550009999")) == ["Say", "Hangup"]

    @pytest.mark.parametrize("caller", ["anonymous", "+266696687", "Restricted", "", "not a number", "x" * 5000])
    async def test_callers_without_a_number_are_answered(self, database: Database, line: Line, caller: str) -> None:
        async with serving(database.url) as server:
            assert verbs(await server.ring(call_sid(1), caller=caller)) == ["Connect", "Redirect"]

    async def test_no_engine_means_voicemail_and_the_owner_sees_why(self, database: Database, line: Line) -> None:
        async with serving(database.url, openai_api_key="changeme") as server:
            document = await server.ring(call_sid(1))

            assert verbs(document) == ["Say", "Record", "Redirect"]
            health = (await server.client.get("/health")).json()
            assert "OPENAI_API_KEY" in health["missing"]
        async with database.sessions() as session:
            call = await CarrierCalls(session).by_carrier_id(call_sid(1))
            assert call is not None
            detail = await CallService(session, line.account_id).detail(call.id)
            assert [trouble.what for trouble in detail.call.troubles] == ["engine_not_configured"]

    async def test_database_down_means_voicemail(self) -> None:
        async with serving("postgresql://nobody@127.0.0.1:9/none") as server:
            assert verbs(await server.ring(call_sid(1))) == ["Say", "Record", "Redirect"]
            assert (await server.client.get("/ready")).status_code == 503
            assert (await server.client.get("/health")).status_code == 200

    async def test_fallback_is_voicemail_without_a_database(self) -> None:
        async with serving("postgresql://nobody@127.0.0.1:9/none") as server:
            answer = await server.post("/calls/fallback", {"CallSid": call_sid(1), "ErrorCode": "11200"})

            assert verbs(parsed(answer.text)) == ["Say", "Record", "Redirect"]

    async def test_voicemail_is_kept_as_a_message(self, database: Database, line: Line) -> None:
        async with serving(database.url, openai_api_key="") as server:
            await server.ring(call_sid(1))
            form = {
                "CallSid": call_sid(1),
                "RecordingSid": "RE1",
                "RecordingUrl": "http://x/RE1",
                "RecordingDuration": "7",
            }
            for _ in range(2):
                await server.post("/calls/after-voicemail", form)
            await server.post("/calls/status", {"CallSid": call_sid(1), "CallStatus": "completed", "CallDuration": "9"})
        async with database.sessions() as session:
            call = await CarrierCalls(session).by_carrier_id(call_sid(1))
            assert call is not None
            detail = await CallService(session, line.account_id).detail(call.id)
            assert [message.carrier_recording_id for message in detail.messages] == ["RE1"]
            assert detail.call.disposition == "message_taken"
            assert detail.call.duration_s == 9


class TestStreams:
    async def test_unsigned_upgrade_is_refused_before_the_handshake(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            with pytest.raises(InvalidStatus) as refused:
                async with connect(server.stream_url):
                    pass
            assert refused.value.response.status_code == 403

    async def test_token_of_another_call_is_refused_and_stays_good(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            token = token_of(await server.ring(call_sid(1)))
            await server.ring(call_sid(2))
            async with stream(server) as thief:
                await thief.send(start(call_sid(2), token))
                assert await close_code(thief) == 1008
            async with stream(server) as owner:
                await owner.send(start(call_sid(1), token))
                await asyncio.sleep(0.3)
                await owner.send('{"event":"stop","streamSid":"MZ1","stop":{}}')

    async def test_token_opens_one_stream_only(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            token = token_of(await server.ring(call_sid(1)))
            async with stream(server) as first, stream(server) as second:
                await first.send(start(call_sid(1), token))
                await asyncio.sleep(0.5)
                await second.send(start(call_sid(1), token))
                assert await close_code(second) == 1008

    async def test_audio_in_another_form_is_refused(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            token = token_of(await server.ring(call_sid(1)))
            async with stream(server) as client:
                await client.send(start(call_sid(1), token, encoding="audio/opus"))
                assert await close_code(client) == 1008

    @pytest.mark.parametrize("frame", ["nonsense", "[]", "{}", '{"event":"start"}', "x" * 300_000, '{"event":7}'])
    async def test_hostile_introductions_end_that_stream_only(self, database: Database, line: Line, frame: str) -> None:
        async with serving(database.url) as server:
            async with stream(server) as client:
                await client.send(frame)
                assert await close_code(client) == 1008
            assert (await server.client.get("/ready")).json()["is_ready"]

    async def test_engine_that_cannot_be_reached_leads_to_voicemail(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            token = token_of(await server.ring(call_sid(1)))
            async with stream(server) as client:
                await client.send(start(call_sid(1), token))
                # Our side closes the stream; the carrier then asks what comes next.
                assert await close_code(client) == 1000
            form = {"CallSid": call_sid(1), "CallStatus": "in-progress"}
            answer = await server.post("/calls/after-stream", form)

            assert verbs(parsed(answer.text)) == ["Say", "Record", "Redirect"]

    async def test_stream_that_breaks_is_resumed_with_a_new_token(self, database: Database, line: Line) -> None:
        async with serving(database.url) as server:
            token = token_of(await server.ring(call_sid(1)))
            form = {"CallSid": call_sid(1), "CallStatus": "in-progress"}
            answer = parsed((await server.post("/calls/after-stream", form)).text)

            assert verbs(answer) == ["Connect", "Redirect"]
            assert token_of(answer) != token
