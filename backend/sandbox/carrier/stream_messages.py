"""The messages of a media stream (twilio-google.md §3.1); their numbers are strings."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping

import msgspec

_encode = msgspec.json.Encoder().encode

CONNECTED = b'{"event":"connected","protocol":"Call","version":"1.0.0"}'


class StreamMessageError(ValueError):
    """What the application sent is none of the protocol's messages."""


class _Media(msgspec.Struct):
    payload: str


class _Mark(msgspec.Struct):
    name: str


class FromApp(msgspec.Struct, rename="camel"):
    """A message of the application's: media, mark or clear."""

    event: str
    stream_sid: str = ""
    media: _Media | None = None
    mark: _Mark | None = None

    @property
    def audio(self) -> bytes:
        """The mu-law of a media message. Raises StreamMessageError when it is no base64."""
        if self.media is None:
            raise StreamMessageError("a media message without media")
        try:
            return b64decode(self.media.payload, validate=True)
        except (NotBase64, ValueError):
            raise StreamMessageError("the payload is no base64") from None


_decoder = msgspec.json.Decoder(FromApp)


def from_app(payload: bytes) -> FromApp:
    """Raises StreamMessageError."""
    try:
        message = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StreamMessageError("not a message of the protocol") from None
    named = [name for name, body in (("media", message.media), ("mark", message.mark)) if body is not None]
    if named != ([] if message.event == "clear" else [message.event]):
        raise StreamMessageError("an unknown event, or one without what belongs to it")
    return message


class ToApp:
    """Writes the messages of one stream in order."""

    def __init__(self, account_sid: str, call_sid: str, stream_sid: str) -> None:
        self._account_sid = account_sid
        self._call_sid = call_sid
        self._stream_sid = stream_sid
        self._sequence = 0
        self._chunks: dict[str, int] = {}

    def start(self, tracks: list[str], parameters: Mapping[str, str]) -> bytes:
        start = {
            "accountSid": self._account_sid,
            "streamSid": self._stream_sid,
            "callSid": self._call_sid,
            "tracks": tracks,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        return self._message("start", start)

    def media(self, track: str, timestamp_ms: int, frame: bytes) -> bytes:
        chunk = self._chunks[track] = self._chunks.get(track, 0) + 1
        media = {
            "track": track,
            "chunk": str(chunk),
            "timestamp": str(timestamp_ms),
            "payload": b64encode(frame).decode(),
        }
        return self._message("media", media)

    def dtmf(self, digit: str) -> bytes:
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> bytes:
        return self._message("mark", {"name": name})

    def stop(self) -> bytes:
        return self._message("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})

    def _message(self, event: str, body: Mapping[str, object]) -> bytes:
        self._sequence += 1
        return _encode(
            {"event": event, "sequenceNumber": str(self._sequence), event: body, "streamSid": self._stream_sid}
        )
