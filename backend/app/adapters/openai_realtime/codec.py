"""The wire of the Realtime API: server events read into structs, client events written as bytes. Pure, no socket.

Source of the protocol's facts: openai-realtime.md §3.1 (client events), §3.2 (server events), §7 (what decoding costs).
Only what a call needs is read; unknown events and fields pass, and whatever the vendor may leave out or set to null has
a default. Audio stays base64 in both directions.
"""

from collections.abc import Mapping

import msgspec


class RealtimeProtocolError(Exception):
    """A frame that is no event, or a known event without what it must hold. Names no content."""


# --- server events -------------------------------------------------------------------------------------------------


class AudioDelta(msgspec.Struct, tag="response.output_audio.delta", gc=False):
    response_id: str
    item_id: str
    delta: str


class TranscriptDelta(msgspec.Struct, tag="response.output_audio_transcript.delta", gc=False):
    response_id: str
    item_id: str
    delta: str


class Content(msgspec.Struct):
    transcript: str | None = None
    text: str | None = None


class Item(msgspec.Struct):
    """A message or a function call; other kinds are told apart by `type` and left alone."""

    type: str
    id: str | None = None
    status: str | None = None
    content: list[Content] | None = None
    name: str | None = None
    call_id: str | None = None
    arguments: str | None = None

    @property
    def words(self) -> str:
        """Everything said in a message."""
        return " ".join(part.transcript or part.text or "" for part in self.content or ()).strip()


class ItemDone(msgspec.Struct, tag="response.output_item.done"):
    response_id: str
    item: Item


class ErrorBody(msgspec.Struct):
    """What went wrong. Codes change more often than types, and either may be missing (§1.4)."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None


class ErrorEvent(msgspec.Struct, tag="error"):
    error: ErrorBody


class StatusDetails(msgspec.Struct):
    reason: str | None = None
    error: ErrorBody | None = None


class Response(msgspec.Struct):
    """`usage` is kept as JSON: a bill that cannot be read must not hide the end of a response."""

    id: str
    status: str | None = None
    status_details: StatusDetails | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


class ResponseCreated(msgspec.Struct, tag="response.created"):
    response: Response


class ResponseDone(msgspec.Struct, tag="response.done"):
    response: Response


class Format(msgspec.Struct):
    type: str | None = None


class AudioSide(msgspec.Struct):
    format: Format | None = None


class SessionAudio(msgspec.Struct):
    input: AudioSide | None = None
    output: AudioSide | None = None


class Session(msgspec.Struct):
    """`expires_at` is in unix seconds."""

    expires_at: float | None = None
    audio: SessionAudio | None = None

    @property
    def formats(self) -> tuple[str | None, str | None]:
        """What the server hears and what it sends."""
        sides = (self.audio.input, self.audio.output) if self.audio is not None else (None, None)
        heard, sent = (side.format.type if side is not None and side.format is not None else None for side in sides)
        return heard, sent


class SessionUpdated(msgspec.Struct, tag="session.updated"):
    session: Session


class SpeechStarted(msgspec.Struct, tag="input_audio_buffer.speech_started", gc=False):
    item_id: str
    audio_start_ms: int = 0


class SpeechStopped(msgspec.Struct, tag="input_audio_buffer.speech_stopped", gc=False):
    item_id: str
    audio_end_ms: int = 0


class Language(msgspec.Struct):
    code: str | None = None


class TranscriptionCompleted(msgspec.Struct, tag="conversation.item.input_audio_transcription.completed"):
    item_id: str
    transcript: str | None = None
    languages: list[Language] | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


class TranscriptionFailed(msgspec.Struct, tag="conversation.item.input_audio_transcription.failed"):
    item_id: str


ServerEvent = (
    AudioDelta
    | TranscriptDelta
    | ItemDone
    | ResponseCreated
    | ResponseDone
    | SessionUpdated
    | SpeechStarted
    | SpeechStopped
    | TranscriptionCompleted
    | TranscriptionFailed
    | ErrorEvent
)


class _Kind(msgspec.Struct):
    type: str


_KNOWN = frozenset(struct.__struct_config__.tag for struct in ServerEvent.__args__)
_decode_known = msgspec.json.Decoder(ServerEvent).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode

# UnicodeDecodeError: text that is not UTF-8. RecursionError: nesting without end.
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(frame: bytes | memoryview) -> ServerEvent | None:
    """Read one text frame; None for an event that no call needs.

    Nothing but a raw `usage` refers to `frame` afterwards: read it before the buffer is used again.
    Raises RealtimeProtocolError.
    """
    try:
        event = _decode_known(frame)
    except _MALFORMED:
        _tolerate(frame)
        return None
    # Audio is copied into JSON texts unread: it must not end the string it stands in.
    if type(event) is AudioDelta and ('"' in event.delta or "\\" in event.delta):
        raise RealtimeProtocolError("audio is not base64")
    return event


def _tolerate(frame: bytes | memoryview) -> None:
    """Let an event pass that we do not read; raise for a frame that is broken."""
    try:
        kind = _decode_kind(frame).type
    except _MALFORMED:
        raise RealtimeProtocolError("frame is not an event") from None
    if kind in _KNOWN:
        raise RealtimeProtocolError(f"{kind} lacks what it must hold")


# --- client events -------------------------------------------------------------------------------------------------

_APPEND = '{"type":"input_audio_buffer.append","audio":"'


def append(payload: str) -> bytes:
    """The caller's audio, base64 as it came. The server acknowledges nothing (§3.1)."""
    return f'{_APPEND}{payload}"}}'.encode()


def session_update(event_id: str, session: Mapping[str, object]) -> bytes:
    return _event("session.update", event_id, session=session)


def message_item(event_id: str, role: str, text: str) -> bytes:
    """Put words into the conversation; `role` is user, assistant or system."""
    kind = "output_text" if role == "assistant" else "input_text"
    content = [{"type": kind, "text": text}]
    return _item(event_id, {"type": "message", "role": role, "content": content})


def tool_call_item(event_id: str, call_id: str, name: str, arguments: str) -> bytes:
    """Put a tool call of an earlier session into this one; its output has to follow."""
    return _item(event_id, {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments})


def tool_output_item(event_id: str, call_id: str, output: str) -> bytes:
    return _item(event_id, {"type": "function_call_output", "call_id": call_id, "output": output})


def truncate_item(event_id: str, item_id: str, audio_end_ms: int) -> bytes:
    """Cut an assistant's item to what was heard; the server drops its transcript."""
    return _event(
        "conversation.item.truncate", event_id, item_id=item_id, content_index=0, audio_end_ms=max(0, audio_end_ms)
    )


def delete_item(event_id: str, item_id: str) -> bytes:
    return _event("conversation.item.delete", event_id, item_id=item_id)


def create_response(event_id: str, response: Mapping[str, object]) -> bytes:
    """Ask for a response; `response` overrides the session's settings for this one."""
    return _event("response.create", event_id, **({"response": response} if response else {}))


def cancel_response(event_id: str, response_id: str) -> bytes:
    return _event("response.cancel", event_id, response_id=response_id)


def _item(event_id: str, item: Mapping[str, object]) -> bytes:
    return _event("conversation.item.create", event_id, item=item)


def _event(kind: str, event_id: str, **fields: object) -> bytes:
    return msgspec.json.encode({"type": kind, "event_id": event_id, **fields})
