"""Makes items of what a client sends; its shape has been checked before."""

from collections.abc import Callable
from typing import Literal, cast

from sandbox.speech.realtime.audio_format import decoder, from_base64
from sandbox.speech.realtime.ids import new_call_id, new_id
from sandbox.speech.realtime.items import (
    ApprovalAnswer,
    FunctionCall,
    FunctionCallOutput,
    HeardAudio,
    Image,
    Item,
    Message,
    Part,
    Text,
)
from sandbox.speech.realtime.session_config import Format, JsonObject


def read_item(content: JsonObject, *, form: Format, path: str) -> Item:
    """The item; `form` is the format of the session's input audio. A Refusal tells of audio that is not base64."""
    item_id = content.get("id") or new_id("item")
    match content["type"]:
        case "message":
            role = cast("Literal['user', 'assistant', 'system']", content["role"])
            return Message(item_id, role, _read_parts(content["content"], form, f"{path}.content"))
        case "function_call":
            call_id = content.get("call_id") or new_call_id()
            return FunctionCall(item_id, call_id, content["name"], content["arguments"])
        case "function_call_output":
            return FunctionCallOutput(item_id, content["call_id"], content["output"])
        case _:
            return ApprovalAnswer(item_id, dict(content))


def _read_parts(content: list[JsonObject], form: Format, path: str) -> list[Part]:
    return [_READERS[part["type"]](part, form, f"{path}[{number}]") for number, part in enumerate(content)]


def _audio(content: JsonObject, form: Format, path: str) -> Part:
    wire = from_base64(content["audio"], f"{path}.audio")
    return HeardAudio(decoder(form).feed(wire), content.get("transcript"))


_READERS: dict[str, Callable[[JsonObject, Format, str], Part]] = {
    "input_text": lambda content, form, path: Text("input_text", content["text"]),
    "output_text": lambda content, form, path: Text("output_text", content["text"]),
    "input_image": lambda content, form, path: Image(dict(content)),
    "input_audio": _audio,
}
