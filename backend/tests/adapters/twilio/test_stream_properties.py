"""Whatever a peer sends: an event, nothing, or one kind of error; and what we send comes back as it was."""

import base64
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.twilio.stream import StreamEncoder, StreamEvent, StreamProtocolError, decode
from app.callflow.events import CallerAudio, PlaybackReached

_NAMES = st.sampled_from(["connected", "start", "media", "mark", "dtmf", "stop", "later"])
_KEYS = st.sampled_from(
    ["event", "start", "media", "mark", "dtmf", "stop", "payload", "track", "name", "digit", "mediaFormat", "streamSid"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)
_GOLDEN = [
    b'{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155",'
    b'"payload":"f39/f39/f38="},"streamSid":"MZ1"}',
    b'{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"my label"}}',
    b'{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}',
    b'{"event":"start","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","customParameters":{"k":"v"},'
    b'"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}},"streamSid":"MZ1"}',
]


def read(frame: bytes) -> StreamEvent | None:
    """decode, with the only error that it may raise taken for nothing."""
    try:
        return decode(frame)
    except StreamProtocolError:
        return None


def check(event: StreamEvent | None) -> None:
    """What is forwarded can be copied into a JSON text as it is."""
    if isinstance(event, CallerAudio):
        assert '"' not in event.payload
        assert "\\" not in event.payload


@settings(max_examples=1500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(frame: bytes) -> None:
    check(read(frame))


@settings(max_examples=1500, deadline=None)
@given(_JSON, _NAMES)
def test_any_json(document: object, name: str) -> None:
    if isinstance(document, dict):
        document["event"] = name

    check(read(json.dumps(document).encode()))


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(_GOLDEN), st.data())
def test_golden_frames_with_bytes_changed(frame: bytes, data: st.DataObject) -> None:
    mutated = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(mutated)))

    check(read(bytes(mutated)))
    check(read(bytes(mutated[:cut])))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=4000), st.text(max_size=40))
def test_what_is_encoded_reads_back(audio: bytes, name: str) -> None:
    encoder = StreamEncoder("MZ1")
    payload = base64.b64encode(audio).decode()

    assert decode(encoder.media(payload)) == CallerAudio(payload)
    assert decode(encoder.mark(name)) == PlaybackReached(name)
