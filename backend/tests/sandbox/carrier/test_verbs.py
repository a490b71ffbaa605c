"""TwiML on a call, over the wire: what each verb asks, plays and tells."""

import asyncio
import io
import wave

import pytest
from starlette.responses import Response

from audiokit.mulaw import decode, silence
from audiokit.samples import Samples
from audiokit.wav import Wav, write_wav
from sandbox.conversation import Event, Handset
from tests.sandbox.carrier.called import CalledApp
from tests.sandbox.carrier.conftest import CALLER, NUMBER, Carrier

OWNER = "+15550002222"
LOUD = b"\x10\x90" * 4000
"""One second nobody takes for silence."""


async def ended(handset: Handset, timeout_s: float = 15) -> Event:
    event = await handset.until(lambda event: event["event"] == "ended", timeout_s)
    assert event is not None
    return event


def told(handset: Handset, kind: str) -> list[Event]:
    return [event for event in handset.events if event["event"] == kind]


def loudness(samples: Samples) -> int:
    return max(map(abs, samples), default=0)


class TestPlay:
    async def test_plays_a_wav_file_and_goes_on(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = f"<Play>{app.url}/tone.wav</Play><Hangup/>"
        tone = write_wav(Wav(8000, (decode(LOUD),)))
        app.replies["/tone.wav"] = Response(tone, media_type="audio/wav")

        async with carrier.ring() as handset:
            await ended(handset)
            audio = await carrier.http.get(f"/sandbox/calls/{handset.call_sid}/audio.wav")

        with wave.open(io.BytesIO(audio.content)) as file:
            assert file.getnchannels() == 2
            assert file.getnframes() / 8000 == pytest.approx(1.0, abs=0.5)
        assert [event["event"] for event in handset.events if event["event"] in ("playing", "ended")] == [
            "playing",
            "ended",
        ]

    async def test_goes_on_when_the_file_is_missing(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = f"<Play>{app.url}/missing.wav</Play><Redirect>/calls/next</Redirect>"
        app.replies["/missing.wav"] = (404, "")
        app.replies["/calls/next"] = "<Hangup/>"

        async with carrier.ring() as handset:
            assert (await ended(handset))["status"] == "completed"

        assert len(app.at("/calls/next")) == 1


class TestSay:
    async def test_is_heard_and_told(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Say>Good morning</Say>"

        async with carrier.ring() as handset:
            await ended(handset)

        assert told(handset, "said")[0]["text"] == "Good morning"
        assert told(handset, "playing")


class TestGather:
    async def test_sends_the_keys_to_its_action(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Gather action="/calls/keys" timeout="9"><Pause length="9"/></Gather>'
        app.replies["/calls/keys"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "answered", 5)
            await handset.press("42#")
            await ended(handset)

        fields = app.at("/calls/keys")[0].fields
        assert fields["Digits"] == "42"
        assert fields["FinishedOnKey"] == "#"
        assert fields["CallStatus"] == "in-progress"

    async def test_without_input_the_next_verb_follows(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Gather action="/calls/keys" timeout="0.1"/><Redirect>/calls/next</Redirect>'
        app.replies["/calls/next"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await ended(handset)

        assert app.at("/calls/keys") == []
        assert len(app.at("/calls/next")) == 1

    async def test_the_last_of_the_wanted_digits_ends_it(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Gather numDigits="1" action="/calls/keys"/>'
        app.replies["/calls/keys"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "answered", 5)
            await handset.press("7")
            await ended(handset)

        assert app.at("/calls/keys")[0].fields["Digits"] == "7"


class TestRecord:
    RECORD = '<Record action="/calls/recorded" timeout="1" recordingStatusCallback="/calls/recording"/>'

    async def test_records_until_the_caller_falls_silent(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = self.RECORD
        app.replies["/calls/recorded"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "recording", 5)
            await handset.play(LOUD * 2)
            await ended(handset)

        result = app.at("/calls/recorded")[0].fields
        assert result["RecordingDuration"] == "2"
        assert result["Digits"] == ""
        callback = (await app.hook("/calls/recording")).fields
        assert callback["RecordingStatus"] == "completed"
        assert callback["RecordingSource"] == "RecordVerb"
        assert callback["RecordingSid"] == result["RecordingSid"]
        assert "From" not in callback

    async def test_a_hang_up_is_told_as_digits(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = self.RECORD

        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "recording", 5)
            await handset.play(LOUD)
            await handset.hang_up()
            await ended(handset)
            result = (await app.hook("/calls/recorded")).fields

        assert result["Digits"] == "hangup"
        assert result["CallStatus"] == "completed"

    async def test_an_empty_recording_falls_through(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = self.RECORD + "<Redirect>/calls/next</Redirect>"
        app.replies["/calls/next"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await ended(handset)

        assert app.at("/calls/recorded") == []
        assert len(app.at("/calls/next")) == 1


class TestStartRecording:
    async def test_keeps_both_sides_of_the_rest_of_the_call(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = (
            '<Start><Recording recordingStatusCallback="/calls/recording" channels="dual"/></Start>'
            f'<Connect><Stream url="{app.stream_url}"/></Connect>'
        )

        async with carrier.ring() as handset:
            stream = await app.stream()
            await stream.play(LOUD)
            await handset.play(LOUD)
            await stream.mark("end")
            await stream.until("mark")
            await handset.hang_up()
            await ended(handset)

        callback = (await app.hook("/calls/recording")).fields
        assert callback["RecordingChannels"] == "2"
        assert int(callback["RecordingDuration"]) >= 1


class TestDial:
    async def ask_party(self, carrier: Carrier, **party: object) -> None:
        answer = await carrier.http.post("/sandbox/parties", json={"number": OWNER, **party})
        assert answer.status_code == 204

    def dial(self, number: str = "", attributes: str = 'answerOnBridge="true"') -> str:
        return f'<Dial action="/calls/dialled" {attributes}><Number {number}>{OWNER}</Number></Dial>'

    async def test_puts_the_caller_through(self, app: CalledApp, carrier: Carrier) -> None:
        await self.ask_party(carrier, says="hello", after_s=0.1, for_s=2)
        events = 'statusCallback="/calls/leg" statusCallbackEvent="initiated ringing answered completed"'
        app.replies["/calls/inbound"] = self.dial(events)
        app.replies["/calls/dialled"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await ended(handset)

        result = app.at("/calls/dialled")[0].fields
        assert result["DialCallStatus"] == "completed"
        assert result["DialBridged"] == "true"
        assert int(result["DialCallDuration"]) >= 1
        await app.hook("/calls/leg", 4)
        legs = sorted((hook.fields for hook in app.at("/calls/leg")), key=lambda leg: int(leg["SequenceNumber"]))
        assert [leg["CallStatus"] for leg in legs] == ["initiated", "ringing", "in-progress", "completed"]
        assert {leg["ParentCallSid"] for leg in legs} == {handset.call_sid}
        assert {leg["From"] for leg in legs} == {CALLER}
        assert told(handset, "playing")

    @pytest.mark.parametrize(
        ("behaviour", "status"),
        [("busy", "busy"), ("reject", "busy"), ("invalid", "failed")],
    )
    async def test_tells_why_it_failed(self, app: CalledApp, carrier: Carrier, behaviour: str, status: str) -> None:
        await self.ask_party(carrier, behaviour=behaviour, after_s=0.05)
        app.replies["/calls/inbound"] = self.dial(attributes='timeout="5"')
        app.replies["/calls/dialled"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await ended(handset)

        result = app.at("/calls/dialled")[0].fields
        assert (result["DialCallStatus"], result["DialBridged"]) == (status, "false")

    async def test_a_declined_whisper_is_completed_but_not_bridged(self, app: CalledApp, carrier: Carrier) -> None:
        await self.ask_party(carrier, after_s=0.05)
        app.replies["/calls/inbound"] = self.dial('url="/calls/whisper"')
        app.replies["/calls/whisper"] = '<Gather numDigits="1" timeout="0.1"/><Hangup/>'
        app.replies["/calls/dialled"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await ended(handset)

        assert app.at("/calls/whisper")[0].fields["ParentCallSid"] == handset.call_sid
        result = app.at("/calls/dialled")[0].fields
        assert (result["DialCallStatus"], result["DialBridged"]) == ("completed", "false")

    async def test_a_key_at_the_whisper_accepts(self, app: CalledApp, carrier: Carrier) -> None:
        await self.ask_party(carrier, after_s=0.05, presses="1", for_s=0.5)
        app.replies["/calls/inbound"] = self.dial('url="/calls/whisper"')
        app.replies["/calls/whisper"] = '<Gather numDigits="1" timeout="5" action="/calls/accept"/><Hangup/>'
        app.replies["/calls/accept"] = ""
        app.replies["/calls/dialled"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await ended(handset)

        assert app.at("/calls/accept")[0].fields["Digits"] == "1"
        assert app.at("/calls/dialled")[0].fields["DialBridged"] == "true"

    async def test_the_first_to_answer_ends_the_ringing_of_the_others(self, app: CalledApp, carrier: Carrier) -> None:
        await self.ask_party(carrier, after_s=0.1, for_s=5)
        slow, events = "+15550002229", 'statusCallback="/calls/leg" statusCallbackEvent="initiated completed"'
        app.replies["/calls/inbound"] = f"<Dial><Number>{OWNER}</Number><Number {events}>{slow}</Number></Dial>"

        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "dial" and event["bridged"], 5)
            await app.hook("/calls/leg", 2)
            is_talking = not told(handset, "ended")

        assert is_talking
        assert {hook.fields["CallStatus"] for hook in app.at("/calls/leg")} == {"initiated", "canceled"}

    async def test_in_turn_nobody_rings_after_the_one_who_answers(self, app: CalledApp, carrier: Carrier) -> None:
        await self.ask_party(carrier, after_s=0.05, for_s=0.3)
        events = 'statusCallback="/calls/leg" statusCallbackEvent="initiated completed"'
        numbers = f"<Number>{OWNER}</Number><Number {events}>+15550002229</Number>"
        app.replies["/calls/inbound"] = f'<Dial sequential="true">{numbers}</Dial>'

        async with carrier.ring() as handset:
            await ended(handset)
        await app.hook("/calls/status")

        assert app.at("/calls/leg") == []

    async def test_shows_no_number_that_is_not_ours(self, app: CalledApp, carrier: Carrier) -> None:
        await self.ask_party(carrier, after_s=0.05)
        app.replies["/calls/inbound"] = self.dial(attributes='callerId="+15559999999"')
        app.replies["/calls/dialled"] = "<Hangup/>"

        async with carrier.ring() as handset:
            await ended(handset)

        assert app.at("/calls/dialled")[0].fields["DialCallStatus"] == "failed"

    async def test_a_caller_who_leaves_frees_the_callee(self, app: CalledApp, carrier: Carrier) -> None:
        await self.ask_party(carrier, after_s=0.05)
        app.replies["/calls/inbound"] = self.dial()

        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "dial" and event["bridged"], 5)
            await handset.hang_up()
            await ended(handset)
            result = (await app.hook("/calls/dialled")).fields

        assert (result["CallStatus"], result["DialBridged"]) == ("completed", "true")
        calls = (await carrier.http.get("/sandbox/calls")).json()["calls"]
        assert {call["status"] for call in calls} == {"completed"}


class TestAnswering:
    async def test_reject_never_answers(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Reject reason="busy"/>'

        async with carrier.ring() as handset:
            assert (await ended(handset))["status"] == "busy"

        assert told(handset, "answered") == []
        assert (await app.hook("/calls/status")).fields["CallDuration"] == "0"

    async def test_a_leading_pause_delays_the_answer(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Pause length="0.4"/><Gather timeout="0.1"/>'

        async with carrier.ring() as handset:
            await ended(handset)

        assert told(handset, "answered")[0]["at"] >= 0.35

    async def test_verbs_behind_a_redirect_are_not_reached(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Redirect>/calls/next</Redirect><Say>never</Say>"
        app.replies["/calls/next"] = "<Unheardof/><Reject/>"

        async with carrier.ring() as handset:
            assert (await ended(handset))["status"] == "completed"

        assert told(handset, "said") == []
        # Only <Reject> as the first verb of all keeps the call from being answered.
        assert app.at("/calls/next")[0].fields["CallStatus"] == "in-progress"

    async def test_a_caller_who_gives_up_early_is_not_answered(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Pause length="20"/><Say>late</Say>'

        async with carrier.ring() as handset:
            await app.hook("/calls/inbound")
            await handset.hang_up()
            assert (await ended(handset))["status"] == "no-answer"

    async def test_a_number_nobody_has_is_a_problem(self, carrier: Carrier) -> None:
        answer = await carrier.http.post("/sandbox/calls", json={"from": CALLER, "to": "+15559998888"})

        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_one_way_stream_hears_both_sides(app: CalledApp, carrier: Carrier) -> None:
    app.replies["/calls/inbound"] = (
        f'<Start><Stream url="{app.stream_url}" name="ear" track="both_tracks" statusCallback="/calls/stream"/></Start>'
        '<Pause length="1"/><Stop><Stream name="ear"/></Stop><Pause length="0.2"/>'
    )

    async with carrier.ring() as handset:
        stream = await app.stream()
        await stream.play(silence(100))
        await stream.until("stop")
        await ended(handset)

    assert stream.of("start")[0]["start"]["tracks"] == ["inbound", "outbound"]
    assert {message["media"]["track"] for message in stream.of("media")} == {"inbound", "outbound"}
    await app.hook("/calls/stream", 2)
    assert {hook.fields["StreamEvent"] for hook in app.at("/calls/stream")} == {"stream-started", "stream-stopped"}
    assert app.at("/calls/stream")[0].fields["StreamName"] == "ear"
    await asyncio.sleep(0)
    assert app.at("/calls/inbound")[0].fields["To"] == NUMBER
