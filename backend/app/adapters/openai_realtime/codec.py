"""The wire of the Realtime API: server events as structs, client events as bytes. Pure.

Only what a call needs is decoded; unknown events and fields pass. Audio stays base64 in both directions
(openai-realtime.md §3 for the events, §7 for what decoding costs).
"""

from itertools import count
from typing import Any

import msgspec


class EventError(Exception):
    """A frame of the server that is no event."""


class ErrorBody(msgspec.Struct, gc=False):
    message: str = ""
    code: str | None = None
    type: str = ""
    param: str | None = None
    event_id: str | None = None


class Content(msgspec.Struct, gc=False):
    type: str = ""
    transcript: str | None = None
    text: str | None = None


class Item(msgspec.Struct):
    id: str = ""
    type: str = ""
    status: str = ""
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    content: list[Content] = []

    @property
    def text(self) -> str:
        return " ".join(part.transcript or part.text or "" for part in self.content).strip()


class CachedDetails(msgspec.Struct, gc=False):
    text_tokens: int = 0
    audio_tokens: int = 0


class InputDetails(msgspec.Struct):
    text_tokens: int = 0
    audio_tokens: int = 0
    cached_tokens: int = 0
    cached_tokens_details: CachedDetails | None = None


class OutputDetails(msgspec.Struct, gc=False):
    text_tokens: int = 0
    audio_tokens: int = 0


class TokenUsage(msgspec.Struct):
    input_token_details: InputDetails | None = None
    output_token_details: OutputDetails | None = None


class StatusDetails(msgspec.Struct):
    reason: str | None = None
    error: ErrorBody | None = None


class Response(msgspec.Struct):
    id: str = ""
    status: str = ""
    status_details: StatusDetails | None = None
    usage: TokenUsage | None = None
    conversation_id: str | None = None
    metadata: dict[str, str] | None = None


class Format(msgspec.Struct, gc=False):
    type: str = ""
    rate: int | None = None


class AudioSide(msgspec.Struct):
    format: Format | None = None


class Audio(msgspec.Struct):
    input: AudioSide | None = None
    output: AudioSide | None = None


class Session(msgspec.Struct):
    expires_at: float | None = None
    audio: Audio | None = None


class TranscriptionUsage(msgspec.Struct, gc=False):
    seconds: float = 0.0


class Language(msgspec.Struct, gc=False):
    code: str = ""


class ServerEvent(msgspec.Struct):
    """Any event; which fields are set depends on `type`."""

    type: str
    response_id: str = ""
    item_id: str = ""
    delta: str = ""
    transcript: str = ""
    audio_start_ms: int = 0
    audio_end_ms: int = 0
    error: ErrorBody | None = None
    item: Item | None = None
    response: Response | None = None
    session: Session | None = None
    usage: TranscriptionUsage | None = None
    languages: list[Language] | None = None


class AudioDelta(msgspec.Struct, tag="response.output_audio.delta", gc=False):
    """A piece of speech: the only event of the media path."""

    response_id: str
    item_id: str
    delta: str


_decode = msgspec.json.Decoder(ServerEvent).decode
_AUDIO = b'{"type":"response.output_audio.delta",'
_decode_audio = msgspec.json.Decoder(AudioDelta).decode
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(frame: bytes | memoryview) -> ServerEvent | AudioDelta:
    """Read one text frame. Raises EventError for what is no event, or has a known field of another kind."""
    try:
        if frame[: len(_AUDIO)] == _AUDIO:
            return _decode_audio(frame)
        event = _decode(frame)
        return _decode_audio(frame) if event.type == "response.output_audio.delta" else event
    except _MALFORMED as error:
        raise EventError(type(error).__name__) from None


def milliseconds(payload: str) -> float:
    """How long base64 of G.711 at 8 kHz sounds; nothing is decoded."""
    return (len(payload) * 3 // 4 - payload.count("=", -2)) / 8


# --- ours to the server --------------------------------------------------------------------------------------------

_APPEND = '{"type":"input_audio_buffer.append","audio":"'


def append_audio(payload: str) -> bytes:
    """The caller's audio, base64 taken as it is. The server sends no acknowledgement."""
    return f'{_APPEND}{payload}"}}'.encode()


class Writer:
    """Writes client events with ids, so that an error names the event it is about."""

    def __init__(self) -> None:
        self._ids = count(1)

    def write(self, kind: str, **fields: Any) -> tuple[str, bytes]:  # noqa: ANN401 — JSON values
        """The id and the bytes of an event."""
        event_id = f"evt_{next(self._ids)}"
        return event_id, msgspec.json.encode({"type": kind, "event_id": event_id, **fields})

    def message(self, role: str, text: str) -> bytes:
        """Put a message into the conversation: role user, assistant or system."""
        kind = "output_text" if role == "assistant" else "input_text"
        item = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        return self.write("conversation.item.create", item=item)[1]

    def tool_request(self, call_id: str, name: str, arguments: str) -> bytes:
        item = {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        return self.write("conversation.item.create", item=item)[1]

    def tool_output(self, call_id: str, output: str) -> bytes:
        item = {"type": "function_call_output", "call_id": call_id, "output": output}
        return self.write("conversation.item.create", item=item)[1]

    def truncate(self, item_id: str, heard_ms: int) -> bytes:
        return self.write("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=heard_ms)[1]

    def delete(self, item_id: str) -> bytes:
        return self.write("conversation.item.delete", item_id=item_id)[1]

    def cancel(self, response_id: str) -> bytes:
        return self.write("response.cancel", response_id=response_id)[1]

    def respond(self, instructions: str, *, may_use_tools: bool) -> tuple[str, bytes]:
        """Ask for a response, by id and bytes; instructions replace the session's for this one response (§3.1)."""
        response: dict[str, object] = {}
        if instructions:
            response["instructions"] = instructions
        if not may_use_tools:
            response["tool_choice"] = "none"
        return self.write("response.create", **({"response": response} if response else {}))
