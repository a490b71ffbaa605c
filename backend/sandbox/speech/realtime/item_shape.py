"""What a client may put into a conversation."""

from sandbox.speech.realtime.refusal import invalid_value, missing_parameter, unsupported_value
from sandbox.speech.realtime.shape import (
    Check,
    as_object,
    boolean,
    choice,
    joined,
    listing,
    nullable,
    record,
    tagged,
    text,
)

LONGEST_ID = 32

_OBJECT = choice("realtime.item")
_STATUS = choice("completed", "incomplete", "in_progress")

_INPUT_TEXT = record({"type": text, "text": text}, required=("text",))
_INPUT_AUDIO = record({"type": text, "audio": text, "transcript": nullable(text)}, required=("audio",))
_INPUT_IMAGE = record(
    {"type": text, "image_url": text, "detail": choice("auto", "low", "high")}, required=("image_url",)
)
_OUTPUT_TEXT = record({"type": text, "text": text}, required=("text",))

_PARTS_BY_ROLE: dict[str, dict[str, Check]] = {
    "user": {"input_text": _INPUT_TEXT, "input_audio": _INPUT_AUDIO, "input_image": _INPUT_IMAGE},
    "system": {"input_text": _INPUT_TEXT},
    "assistant": {"output_text": _OUTPUT_TEXT},
}


def _id(value: object, path: str) -> None:
    text(value, path)
    if not 0 < len(str(value)) <= LONGEST_ID:
        raise invalid_value(path, f"Invalid '{path}': expected a string of 1 to {LONGEST_ID} characters.")


def _message(value: object, path: str) -> None:
    """A message; which parts it may have depends on who says it. Audio of the assistant cannot be put in."""
    members = as_object(value, path)
    role = members.get("role")
    if role is None:
        raise missing_parameter(joined(path, "role"))
    parts = _PARTS_BY_ROLE.get(str(role))
    if parts is None:
        raise unsupported_value(joined(path, "role"), role, tuple(_PARTS_BY_ROLE))
    fields = {**_ANY_ITEM, "role": text, "content": listing(tagged("type", parts))}
    record(fields, required=("content",))(value, path)


_ANY_ITEM: dict[str, Check] = {"id": _id, "object": _OBJECT, "type": text, "status": _STATUS}
_ITEMS: dict[str, Check] = {
    "message": _message,
    "function_call": record(
        {**_ANY_ITEM, "call_id": text, "name": text, "arguments": text}, required=("name", "arguments")
    ),
    "function_call_output": record({**_ANY_ITEM, "call_id": text, "output": text}, required=("call_id", "output")),
    "mcp_approval_response": record(
        {"id": _id, "type": text, "approval_request_id": text, "approve": boolean, "reason": nullable(text)},
        required=("approval_request_id", "approve"),
    ),
}

ITEM = tagged("type", _ITEMS)
REFERENCE_OR_ITEM = tagged("type", {**_ITEMS, "item_reference": record({"type": text, "id": text}, required=("id",))})
"""What `response.create` takes as input: there, and only there, items may be named by their id."""
