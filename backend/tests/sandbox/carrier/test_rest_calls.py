"""Calls over REST: by the official client, and against the published schemas."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException

from tests.sandbox.carrier.called import CalledApp
from tests.sandbox.carrier.clients import AsyncClient, blocking_client
from tests.sandbox.carrier.conftest import ACCOUNT, CALLER, NUMBER, TOKEN, Carrier
from tests.sandbox.carrier.schemas import ACCOUNT_PATH, needs_specs, problems

OWNER = "+15550002222"


@pytest.fixture
async def rest(carrier: Carrier) -> AsyncIterator[httpx.AsyncClient]:
    url = f"{carrier.url}/api/2010-04-01/Accounts/{ACCOUNT}"
    async with httpx.AsyncClient(base_url=url, auth=(ACCOUNT, TOKEN), timeout=10) as client:
        yield client


class TestCreate:
    async def test_rings_a_party_who_meets_the_document(self, app: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/parties", json={"number": OWNER, "after_s": 0.05})
        app.replies["/calls/outbound"] = '<Pause length="0.2"/><Hangup/>'
        async with AsyncClient(carrier.url) as client:
            call = await client.calls.create_async(
                to=OWNER,
                from_=NUMBER,
                url=f"{app.url}/calls/outbound",
                status_callback=f"{app.url}/calls/progress",
                status_callback_event=["initiated", "ringing", "answered", "completed"],
            )
        await app.hook("/calls/progress", 4)

        assert call.status == "queued"
        assert app.at("/calls/outbound")[0].fields["Direction"] == "outbound-api"
        told = sorted((hook.fields for hook in app.at("/calls/progress")), key=lambda it: int(it["SequenceNumber"]))
        assert [it["CallStatus"] for it in told] == ["initiated", "ringing", "in-progress", "completed"]

    async def test_tells_when_nobody_answers(self, app: CalledApp, carrier: Carrier) -> None:
        async with AsyncClient(carrier.url) as client:
            await client.calls.create_async(
                to=OWNER,
                from_=NUMBER,
                twiml="<Response><Hangup/></Response>",
                timeout=1,
                status_callback=f"{app.url}/calls/progress",
            )
        told = await app.hook("/calls/progress")

        assert told.fields["CallStatus"] == "no-answer"

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"To": ""}, 21201),
            ({"From": ""}, 21213),
            ({"From": "+15559990000"}, 21210),
            ({"To": "12"}, 21211),
            ({"Url": ""}, 21205),
            ({"Url": "nonsense"}, 21205),
        ],
    )
    async def test_refuses_what_the_vendor_refuses(
        self, rest: httpx.AsyncClient, change: dict[str, str], code: int
    ) -> None:
        answer = await rest.post("/Calls.json", data={"To": OWNER, "From": NUMBER, "Url": "http://x/y", **change})

        assert answer.status_code == 400
        assert answer.json()["code"] == code
        assert set(answer.json()) == {"code", "message", "more_info", "status"}

    async def test_ends_at_its_time_limit(self, app: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/parties", json={"number": OWNER, "after_s": 0.05})
        async with AsyncClient(carrier.url) as client:
            call = await client.calls.create_async(
                to=OWNER,
                from_=NUMBER,
                twiml='<Response><Pause length="60"/></Response>',
                time_limit=1,
                status_callback=f"{app.url}/calls/progress",
            )
        told = await app.hook("/calls/progress")
        story = (await carrier.http.get(f"/sandbox/calls/{call.sid}")).json()

        assert told.fields["CallStatus"] == "completed"
        assert story["events"][-1]["by"] == "carrier"


class TestUpdate:
    async def test_replaces_the_document_of_a_live_stream(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = f'<Connect><Stream url="{app.stream_url}"/></Connect>'
        app.replies["/calls/moved"] = "<Hangup/>"
        async with carrier.ring() as handset, AsyncClient(carrier.url) as client:
            stream = await app.stream()
            await client.calls(handset.call_sid).update_async(url=f"{app.url}/calls/moved")
            await stream.until("stop")
            await handset.until(lambda event: event["event"] == "ended", 5)

        assert app.at("/calls/moved")[0].fields["CallStatus"] == "in-progress"

    async def test_ends_a_live_call(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Gather timeout='30'/>"
        async with carrier.ring() as handset, AsyncClient(carrier.url) as client:
            await handset.until(lambda event: event["event"] == "answered", 5)
            call = await client.calls(handset.call_sid).update_async(status="completed")
            ended = await handset.until(lambda event: event["event"] == "ended", 5)
            with pytest.raises(TwilioRestException) as refusal:
                await client.calls(handset.call_sid).update_async(status="completed")

        assert call.status == "completed"
        assert ended is not None
        assert ended["by"] == "app"
        assert (refusal.value.status, refusal.value.code) == (400, 21220)


class TestReading:
    async def test_lists_by_filters_in_pages(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Reject/>"
        for _ in range(5):
            await carrier.http.post("/sandbox/calls", json={"from": CALLER, "to": NUMBER})
        await app.hook("/calls/status", 5)
        now, hour = datetime.now(UTC), timedelta(hours=1)
        async with AsyncClient(carrier.url) as client:
            everything = await client.calls.list_async(page_size=2)
            to_us = await client.calls.list_async(to=NUMBER, status="no-answer", start_time_after=now - hour)
            later = await client.calls.list_async(start_time_after=now + hour)
            nobody = await client.calls.list_async(from_="+15557777777")

        assert len({call.sid for call in everything}) == 5
        assert len(to_us) == 5
        assert later == []
        assert nobody == []

    async def test_the_blocking_client_reads_too(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Reject/>"
        sid = (await carrier.http.post("/sandbox/calls", json={"from": CALLER, "to": NUMBER})).json()["call_sid"]
        await app.hook("/calls/status")
        with blocking_client(carrier.url) as client:
            call = await asyncio.to_thread(client.calls(sid).fetch)
            is_deleted = await asyncio.to_thread(client.calls(sid).delete)
            with pytest.raises(TwilioRestException) as refusal:
                await asyncio.to_thread(client.calls(sid).fetch)

        assert (call.to, call._from, call.direction, call.status) == (NUMBER, CALLER, "inbound", "no-answer")
        assert is_deleted
        assert (refusal.value.status, refusal.value.code) == (404, 20404)

    async def test_an_api_key_opens_it_too(self, carrier: Carrier) -> None:
        path = f"/api/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
        answers = [
            await carrier.http.get(path, auth=("SK" + "5a" * 16, secret)) for secret in ("sandbox-api-secret", TOKEN)
        ]

        assert [answer.status_code for answer in answers] == [200, 401]

    async def test_strangers_are_not_let_in(self, carrier: Carrier) -> None:
        async with AsyncClient(carrier.url, token="wrong") as client:
            with pytest.raises(TwilioRestException) as refusal:
                await client.calls("CA" + "0" * 32).fetch_async()

        assert (refusal.value.status, refusal.value.code) == (401, 20003)


class TestRecordings:
    async def test_are_started_stopped_heard_and_deleted(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Gather timeout='30'/>"
        async with carrier.ring() as handset, AsyncClient(carrier.url) as client:
            await handset.until(lambda event: event["event"] == "answered", 5)
            call = client.calls(handset.call_sid)
            recording = await call.recordings.create_async(
                recording_channels="dual", recording_status_callback=f"{app.url}/calls/recording"
            )
            await handset.play(b"\x10" * 8000)
            stopped = await call.recordings("Twilio.CURRENT").update_async(status="stopped")
            told = await app.hook("/calls/recording")
            audio = await carrier.http.get(
                told.fields["RecordingUrl"] + ".wav", params={"RequestedChannels": "2"}, auth=(ACCOUNT, TOKEN)
            )
            listed = await client.recordings.list_async(call_sid=handset.call_sid)
            await client.recordings(recording.sid).delete_async()
            left = await client.recordings.list_async()
            await handset.hang_up()

        assert (recording.status, stopped.status) == ("in-progress", "stopped")
        assert [it.sid for it in listed] == [recording.sid]
        assert left == []
        with wave.open(io.BytesIO(audio.content)) as file:
            assert file.getnchannels() == 2
            assert file.getnframes() >= 8000

    async def test_of_one_track_have_one_channel(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Gather timeout='30'/>"
        async with carrier.ring() as handset, AsyncClient(carrier.url) as client:
            await handset.until(lambda event: event["event"] == "answered", 5)
            recording = await client.calls(handset.call_sid).recordings.create_async(
                recording_channels="dual", recording_track="inbound"
            )
            await handset.hang_up()

        assert (recording.channels, recording.track) == (1, "inbound")

    async def test_of_one_channel_are_not_to_be_had_with_two(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Record playBeep="false" recordingStatusCallback="/calls/recording"/>'
        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "recording", 5)
            await handset.play(b"\x10" * 4000)
            await handset.hang_up()
        url = (await app.hook("/calls/recording")).fields["RecordingUrl"]

        answers = {
            channels: await carrier.http.get(url, params={"RequestedChannels": channels}, auth=(ACCOUNT, TOKEN))
            for channels in ("1", "2")
        }
        with wave.open(io.BytesIO(answers["1"].content)) as file:
            assert file.getnchannels() == 1
        assert (answers["2"].status_code, answers["2"].json()["code"]) == (400, 16113)

    async def test_need_a_key(self, carrier: Carrier) -> None:
        answer = await carrier.http.get(f"/api/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'0' * 32}.wav")

        assert answer.status_code == 401


@needs_specs
async def test_answers_keep_to_the_published_schemas(app: CalledApp, carrier: Carrier, rest: httpx.AsyncClient) -> None:
    app.replies["/calls/inbound"] = "<Gather timeout='30'/>"
    created = await rest.post("/Calls.json", data={"To": OWNER, "From": NUMBER, "Twiml": "<Response/>", "Timeout": "1"})
    async with carrier.ring() as handset:
        await handset.until(lambda event: event["event"] == "answered", 5)
        recordings = f"/Calls/{handset.call_sid}/Recordings"
        started = await rest.post(f"{recordings}.json")
        paused = await rest.post(f"{recordings}/Twilio.CURRENT.json", data={"Status": "paused"})
        updated = await rest.post(f"/Calls/{handset.call_sid}.json", data={"Status": "completed"})
    calls = (await rest.get("/Calls.json", params={"PageSize": 1})).json()
    of_call = (await rest.get(f"{recordings}.json")).json()
    of_account = (await rest.get("/Recordings.json")).json()
    fetched = await rest.get(f"/Recordings/{started.json()['sid']}.json")

    call, call_recordings = f"{ACCOUNT_PATH}/Calls", f"{ACCOUNT_PATH}/Calls/{{CallSid}}/Recordings"
    assert problems("api_v2010", f"{call}.json", "post", 201, created.json()) == []
    assert problems("api_v2010", f"{call}/{{Sid}}.json", "post", 200, updated.json()) == []
    assert problems("api_v2010", f"{call}.json", "get", 200, calls) == []
    assert calls["next_page_uri"] is not None
    assert problems("api_v2010", f"{call_recordings}.json", "post", 201, started.json()) == []
    assert problems("api_v2010", f"{call_recordings}/{{Sid}}.json", "post", 200, paused.json()) == []
    assert problems("api_v2010", f"{call_recordings}.json", "get", 200, of_call) == []
    assert problems("api_v2010", f"{ACCOUNT_PATH}/Recordings.json", "get", 200, of_account) == []
    assert problems("api_v2010", f"{ACCOUNT_PATH}/Recordings/{{Sid}}.json", "get", 200, fetched.json()) == []
    assert len(of_account["recordings"]) == len(of_call["recordings"]) == 1
