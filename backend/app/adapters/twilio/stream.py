"""The frames of a bidirectional media stream, both ways: pure, no socket.

Source of the protocol's facts: twilio-google.md §3.1 (messages), §3.2 (semantics). What the carrier sends 50 times a
second takes the shortest way: one decode, no base64 decoding, straight to the event of the call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from app.callflow.events import CallerAudio, DigitPressed, PlaybackReached, StreamStopped

_ENCODING, _SAMPLE_RATE, _CHANNELS = "audio/x-mulaw", 8000, 1
_DIGITS = frozenset("0123456789*#ABCD")


class StreamProtocolError(Exception):
    """A frame that no carrier sends: not JSON, or a known event without what it must hold. Names no content."""


class UnsupportedMedia(StreamProtocolError):
    """The stream carries something else than G.711 mu-law at 8 kHz, one channel."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The carrier's first message; it does not say yet which stream this is."""


@dataclass(frozen=True, slots=True)
class Started:
    """The stream's introduction. `parameters` are those of `<Parameter>`, values always texts."""

    stream_id: str
    carrier_call_id: str
    carrier_account_id: str
    parameters: Mapping[str, str]


StreamEvent = Connected | Started | CallerAudio | PlaybackReached | DigitPressed | StreamStopped


# --- wire ----------------------------------------------------------------------------------------------------------


class _Connected(msgspec.Struct, tag_field="event", tag="connected"):
    pass


class _MediaFormat(msgspec.Struct, rename="camel"):
    encoding: str
    sample_rate: int
    channels: int


class _StartBody(msgspec.Struct, rename="camel"):
    stream_sid: str
    call_sid: str
    media_format: _MediaFormat
    account_sid: str = ""
    custom_parameters: dict[str, str] = {}


class _Start(msgspec.Struct, tag_field="event", tag="start"):
    start: _StartBody


class _MediaBody(msgspec.Struct, gc=False):
    payload: str
    track: str = "inbound"


class _Media(msgspec.Struct, tag_field="event", tag="media", gc=False):
    media: _MediaBody


class _MarkBody(msgspec.Struct, gc=False):
    name: str


class _Mark(msgspec.Struct, tag_field="event", tag="mark", gc=False):
    mark: _MarkBody


class _DtmfBody(msgspec.Struct, gc=False):
    digit: str


class _Dtmf(msgspec.Struct, tag_field="event", tag="dtmf", gc=False):
    dtmf: _DtmfBody


class _Stop(msgspec.Struct, tag_field="event", tag="stop"):
    pass


class _EventName(msgspec.Struct):
    event: str


_KNOWN_NAMES = frozenset({"connected", "start", "media", "mark", "dtmf", "stop"})
_decode_known = msgspec.json.Decoder(_Media | _Mark | _Dtmf | _Start | _Connected | _Stop).decode
_MEDIA_HEAD = b'{"event":"media",'
_decode_media = msgspec.json.Decoder(_Media).decode
_decode_name = msgspec.json.Decoder(_EventName).decode

# UnicodeDecodeError: text that is not UTF-8. RecursionError: nesting without end.
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def caller_audio(frame: bytes) -> str | None:
    """The payload of a plain frame of the caller's audio; None for anything else, which `decode` reads.

    Comes 50 times a second for every call. Without an escape in the frame no payload can end the string it is
    copied into.
    """
    if frame[: len(_MEDIA_HEAD)] != _MEDIA_HEAD or b"\\" in frame:
        return None
    try:
        media = _decode_media(frame).media
    except _MALFORMED:
        return None
    return media.payload if media.track == "inbound" else None


def decode(frame: bytes | memoryview) -> StreamEvent | None:
    """Read one text frame of the carrier; None for an event we do not know, which is to be ignored.

    Raises StreamProtocolError, and UnsupportedMedia for a stream we cannot hear.
    """
    try:
        message = _decode_known(frame)
    except _MALFORMED:
        _tolerate(frame)
        return None
    if type(message) is _Media:
        payload = message.media.payload
        # Payloads are copied into JSON texts unread: none may end, or break, the string it stands in.
        if '"' in payload or "\\" in payload or not payload.isprintable():
            raise StreamProtocolError("media payload is not base64")
        return CallerAudio(payload) if message.media.track == "inbound" else None
    return _TRANSLATED[type(message)](message)


def _tolerate(frame: bytes | memoryview) -> None:
    """Let an event of a later protocol pass; raise for a frame that is broken."""
    try:
        name = _decode_name(frame).event
    except _MALFORMED:
        raise StreamProtocolError("frame is not a stream message") from None
    if name in _KNOWN_NAMES:
        raise StreamProtocolError(f"{name} message lacks what it must hold")


def _started(message: _Start) -> Started:
    start = message.start
    found = start.media_format
    if (found.encoding, found.sample_rate, found.channels) != (_ENCODING, _SAMPLE_RATE, _CHANNELS):
        raise UnsupportedMedia(f"the stream must carry {_ENCODING} at {_SAMPLE_RATE} Hz, {_CHANNELS} channel")
    if not start.stream_sid or not start.call_sid:
        raise StreamProtocolError("start message names no stream or no call")
    return Started(start.stream_sid, start.call_sid, start.account_sid, start.custom_parameters)


def _digit(message: _Dtmf) -> DigitPressed:
    if message.dtmf.digit not in _DIGITS:
        raise StreamProtocolError("dtmf message holds no key of a telephone")
    return DigitPressed(message.dtmf.digit)


_TRANSLATED: dict[type, Callable[[Any], StreamEvent]] = {
    _Mark: lambda message: PlaybackReached(message.mark.name),
    _Dtmf: _digit,
    _Start: _started,
    _Connected: lambda _: Connected(),
    _Stop: lambda _: StreamStopped(),
}


# --- ours to the carrier -------------------------------------------------------------------------------------------


class StreamEncoder:
    """Writes the frames of one stream; what is equal in all of them is built once."""

    def __init__(self, stream_id: str) -> None:
        quoted = msgspec.json.encode(stream_id).decode()
        self._media = f'{{"event":"media","streamSid":{quoted},"media":{{"payload":"'
        self._mark = b'{"event":"mark","streamSid":%b,"mark":{"name":' % quoted.encode()
        self._clear = b'{"event":"clear","streamSid":%b}' % quoted.encode()

    def media(self, payload: str) -> bytes:
        """Queue audio at the carrier: base64 of mu-law, any length, taken as it is."""
        return f'{self._media}{payload}"}}}}'.encode()

    def mark(self, name: str) -> bytes:
        """Ask for `name` to come back when everything queued before it was played or cleared."""
        return self._mark + msgspec.json.encode(name) + b"}}"

    def clear(self) -> bytes:
        """Drop what is queued; the carrier returns all pending marks."""
        return self._clear
