"""The media stream's frames, golden both ways (twilio-google.md §3.1), and frames that nobody should send."""

import base64
import json

import pytest

from app.adapters.twilio.stream import (
    Connected,
    Started,
    StreamEncoder,
    StreamProtocolError,
    UnsupportedMedia,
    decode,
)
from app.callflow.events import CallerAudio, DigitPressed, PlaybackReached, StreamStopped

STREAM = "MZ0123456789abcdef0123456789abcdef"
CALL = "CA0123456789abcdef0123456789abcdef"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
FRAME_20_MS = base64.b64encode(bytes(range(160))).decode()

START = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": ACCOUNT,
        "streamSid": STREAM,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "t0k3n"},
    },
    "streamSid": STREAM,
}


def media(payload: str, track: str = "inbound") -> bytes:
    body = {"track": track, "chunk": "1", "timestamp": "155", "payload": payload}
    return json.dumps({"event": "media", "sequenceNumber": "2", "media": body, "streamSid": STREAM}).encode()


def start_with(**changes: object) -> bytes:
    return json.dumps({**START, "start": {**START["start"], **changes}}).encode()  # type: ignore[dict-item]  # JSON


class TestGoldenFromCarrier:
    def test_connected(self) -> None:
        assert decode(b'{"event":"connected","protocol":"Call","version":"1.0.0"}') == Connected()

    def test_start_names_stream_call_account_and_parameters(self) -> None:
        assert decode(json.dumps(START).encode()) == Started(STREAM, CALL, ACCOUNT, {"token": "t0k3n"})

    def test_start_without_parameters(self) -> None:
        event = decode(start_with(customParameters={}))

        assert isinstance(event, Started)
        assert event.parameters == {}

    def test_media_is_passed_on_unread(self) -> None:
        assert decode(media(FRAME_20_MS)) == CallerAudio(FRAME_20_MS)

    def test_media_from_a_buffer_that_is_used_again(self) -> None:
        buffer = bytearray(media(FRAME_20_MS))
        event = decode(memoryview(buffer))
        buffer[:] = b" " * len(buffer)

        assert event == CallerAudio(FRAME_20_MS)

    def test_media_with_keys_in_another_order_and_new_ones(self) -> None:
        frame = (
            b'{"streamSid":"MZ1","media":{"payload":"f39/","x":[1,{}],"track":"inbound"},"new":null,"event":"media"}'
        )

        assert decode(frame) == CallerAudio("f39/")

    def test_media_with_escaped_slashes(self) -> None:
        assert decode(rb'{"event":"media","media":{"payload":"f39\/"}}') == CallerAudio("f39/")

    def test_our_own_voice_is_not_the_caller(self) -> None:
        assert decode(media(FRAME_20_MS, track="outbound")) is None

    def test_dtmf(self) -> None:
        frame = b'{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"#"}}'

        assert decode(frame) == DigitPressed("#")

    def test_mark(self) -> None:
        frame = b'{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"0:17"}}'

        assert decode(frame) == PlaybackReached("0:17")

    def test_stop(self) -> None:
        frame = b'{"event":"stop","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"},"sequenceNumber":"378"}'

        assert decode(frame) == StreamStopped()

    def test_an_event_of_a_later_protocol_is_ignored(self) -> None:
        assert decode(b'{"event":"captions","captions":{"text":"hello"}}') is None


class TestRefused:
    @pytest.mark.parametrize(
        "frame",
        [
            b"",
            b"hello",
            b"[]",
            b"null",
            b"{}",
            b'{"event":7}',
            b'{"event":"media"}',
            b'{"event":"media","media":{}}',
            b'{"event":"media","media":{"payload":7}}',
            b'{"event":"media","media":{"payload":"f39/"}',
            b'{"event":"mark","mark":{"name":null}}',
            b'{"event":"dtmf","dtmf":{"digit":"12"}}',
            b'{"event":"dtmf","dtmf":{"digit":""}}',
            b'{"event":"start","start":{}}',
            b'{"event":"media","media":{"payload":"\xff\xfe"}}',
            b'{"event":"x' + b"\xff" + b'"}',
            b"[" * 200_000,
            b'{"event":"media","media":' + b'{"a":' * 100_000,
        ],
    )
    def test_what_is_no_message_of_a_stream(self, frame: bytes) -> None:
        with pytest.raises(StreamProtocolError):
            decode(frame)

    @pytest.mark.parametrize("payload", ['f39/","x":"', "f39/\\", '"', "f39/\n", "\0"])
    def test_a_payload_that_would_leave_its_text(self, payload: str) -> None:
        with pytest.raises(StreamProtocolError):
            decode(media(payload))

    @pytest.mark.parametrize(
        "media_format",
        [
            {"encoding": "audio/x-alaw", "sampleRate": 8000, "channels": 1},
            {"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1},
            {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 2},
        ],
    )
    def test_media_we_cannot_hear(self, media_format: dict[str, object]) -> None:
        with pytest.raises(UnsupportedMedia, match="audio/x-mulaw at 8000 Hz"):
            decode(start_with(mediaFormat=media_format))

    def test_a_start_that_names_no_call(self) -> None:
        with pytest.raises(StreamProtocolError, match="no call"):
            decode(start_with(callSid=""))

    def test_no_content_in_the_error(self) -> None:
        with pytest.raises(StreamProtocolError) as error:
            decode(b'{"event":"media","media":{"payload":["my secret"]}}')

        assert "secret" not in str(error.value)


class TestGoldenToCarrier:
    def test_media(self) -> None:
        assert StreamEncoder(STREAM).media("f39/f38=") == (
            b'{"event":"media","streamSid":"MZ0123456789abcdef0123456789abcdef","media":{"payload":"f39/f38="}}'
        )

    def test_mark(self) -> None:
        assert StreamEncoder(STREAM).mark("12:3") == (
            b'{"event":"mark","streamSid":"MZ0123456789abcdef0123456789abcdef","mark":{"name":"12:3"}}'
        )

    def test_clear(self) -> None:
        assert StreamEncoder(STREAM).clear() == b'{"event":"clear","streamSid":"MZ0123456789abcdef0123456789abcdef"}'

    def test_hostile_names_stay_inside_their_text(self) -> None:
        encoder = StreamEncoder('MZ"}')

        assert json.loads(encoder.mark('a","b":"\n')) == {
            "event": "mark",
            "streamSid": 'MZ"}',
            "mark": {"name": 'a","b":"\n'},
        }
        assert json.loads(encoder.clear())["streamSid"] == 'MZ"}'
        assert json.loads(encoder.media("f39/"))["media"] == {"payload": "f39/"}
