"""What a client may send: the eleven events of the protocol and the members of each."""

from typing import TypeAlias

import msgspec
from msgspec import Struct

from sandbox.speech.realtime.item_shape import ITEM
from sandbox.speech.realtime.refusal import invalid_event, unsupported_value
from sandbox.speech.realtime.session_config import JsonObject
from sandbox.speech.realtime.shape import Check, anything, integer, json_object, nullable, record, text, text_up_to

APPEND = "input_audio_buffer.append"

_LONGEST_EVENT_ID = 512
_DEEPEST = 64

_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


class Head(Struct):
    """What every event has, and the audio of the one event that comes fifty times a second."""

    type: str
    event_id: str | None = None
    audio: str | None = None


_decode_head = msgspec.json.Decoder(Head).decode
_decode = msgspec.json.Decoder().decode

ClientEvent: TypeAlias = JsonObject


def _event(*required: str, **members: Check) -> Check:
    fields = {"type": text, "event_id": nullable(text_up_to(_LONGEST_EVENT_ID)), **members}
    return record(fields, required=required)


_EVENTS: dict[str, Check] = {
    "session.update": _event("session", session=anything),
    APPEND: _event("audio", audio=text),
    "input_audio_buffer.commit": _event(),
    "input_audio_buffer.clear": _event(),
    "output_audio_buffer.clear": _event(),
    "conversation.item.create": _event("item", item=ITEM, previous_item_id=nullable(text)),
    "conversation.item.retrieve": _event("item_id", item_id=text),
    "conversation.item.truncate": _event(
        "item_id",
        "content_index",
        "audio_end_ms",
        item_id=text,
        content_index=integer(0, 0),
        audio_end_ms=integer(0),
    ),
    "conversation.item.delete": _event("item_id", item_id=text),
    "response.create": _event(response=nullable(json_object)),
    "response.cancel": _event(response_id=nullable(text)),
}


EVENT_TYPES = tuple(_EVENTS)


def read_head(frame: str) -> Head | None:
    """The head of a frame; None when the frame is not an event with that head."""
    try:
        return _decode_head(frame)
    except _UNREADABLE:
        return None


def read_object(frame: str) -> ClientEvent:
    """A frame as a JSON object with a type; an invalid_event refusal otherwise."""
    try:
        content = _decode(frame)
    except _UNREADABLE:
        raise invalid_event("The event is not valid JSON.") from None
    if not isinstance(content, dict):
        raise invalid_event("The event is not a JSON object.")
    if not isinstance(content.get("type"), str):
        raise invalid_event("The 'type' field is missing.")
    if _is_too_deep(content):
        raise invalid_event(f"The event is nested deeper than {_DEEPEST} levels.")
    return content


def _is_too_deep(content: ClientEvent) -> bool:
    """What is kept must also be written again, which costs a level of the stack for each of its own."""
    level: list[object] = [content]
    for _ in range(_DEEPEST):
        level = [
            member
            for value in level
            if isinstance(value, dict | list)
            for member in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(level)


def check_event(content: ClientEvent) -> None:
    """Refuse an event of an unknown type, or with members that it cannot have."""
    check = _EVENTS.get(content["type"])
    if check is None:
        raise unsupported_value("type", content["type"], EVENT_TYPES)
    check(content, "")
