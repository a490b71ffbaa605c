"""What a response is to be made of: the session's configuration and what `response.create` says otherwise."""

import json
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sandbox.speech.parts import Situation
from sandbox.speech.realtime.conversation import Conversation
from sandbox.speech.realtime.item_reading import read_item
from sandbox.speech.realtime.items import Item
from sandbox.speech.realtime.refusal import Refusal, invalid_event
from sandbox.speech.realtime.session_config import CustomVoice, Format, JsonObject, RealtimeConfig
from sandbox.speech.realtime.session_shape import RESPONSE_PARAMETERS
from sandbox.speech.realtime.state import SessionState
from sandbox.speech.realtime.usage import Segment, prompt_of


class _Output(Struct, frozen=True):
    format: Format | UnsetType = UNSET
    voice: str | CustomVoice | UnsetType = UNSET


class _Audio(Struct, frozen=True):
    output: _Output = _Output()


class _Parameters(Struct, frozen=True):
    instructions: str | None = None
    tools: tuple[JsonObject, ...] | UnsetType = UNSET
    tool_choice: str | JsonObject | UnsetType = UNSET
    max_output_tokens: int | str | UnsetType = UNSET
    output_modalities: tuple[str, ...] | UnsetType = UNSET
    metadata: dict[str, str] | None = None
    conversation: str = "auto"
    audio: _Audio = _Audio()
    input: tuple[JsonObject, ...] | None = None


@dataclass(frozen=True, slots=True)
class ResponseOrder:
    """`order` is empty when the session's instructions hold. `context` is what the response sees instead of the
    conversation; None for the conversation itself."""

    session_instructions: str
    order: str
    tools: tuple[JsonObject, ...]
    tool_choice: str | JsonObject
    max_output_tokens: int | str
    modalities: tuple[str, ...]
    metadata: dict[str, str] | None
    is_in_conversation: bool
    form: Format
    voice: str | CustomVoice
    context: tuple[Item, ...] | None = None

    @property
    def is_spoken(self) -> bool:
        return "audio" in self.modalities

    @property
    def voice_name(self) -> str:
        return self.voice if isinstance(self.voice, str) else self.voice.id

    @property
    def token_limit(self) -> int | None:
        return self.max_output_tokens if isinstance(self.max_output_tokens, int) else None

    def situation(self, items: tuple[Item, ...]) -> Situation:
        """What the brain is shown; items that cannot be understood are left out."""
        understood = tuple(meaning for item in items if (meaning := item.understood()) is not None)
        return Situation(
            self.session_instructions, self.order, self._offered_tools(), understood, self.tool_choice != "none"
        )

    def prompt(self, items: tuple[Item, ...]) -> tuple[Segment, ...]:
        tools = json.dumps(self.tools) if self.tools else ""
        return prompt_of(self.order or self.session_instructions, tools, items)

    def _offered_tools(self) -> tuple[dict[str, object], ...]:
        """A tool the client insists on is the only one offered."""
        functions = [tool for tool in self.tools if tool["type"] == "function"]
        if isinstance(self.tool_choice, dict) and self.tool_choice["type"] == "function":
            functions = [tool for tool in functions if tool["name"] == self.tool_choice["name"]]
        return tuple(functions)


def plain_order(state: SessionState) -> ResponseOrder:
    """The response that follows a turn of the caller."""
    return read_order({}, state)


def read_order(parameters: object, state: SessionState) -> ResponseOrder:
    """What the `response` of a `response.create` asks for; a Refusal tells what is wrong with it."""
    if not isinstance(state.config, RealtimeConfig):
        raise invalid_event("A transcription session creates no responses.")
    RESPONSE_PARAMETERS(parameters, "response")
    wish = msgspec.convert(parameters, _Parameters)
    config, output = state.config, state.config.audio.output
    context = None if wish.input is None else _context(wish.input, state.conversation, config.audio.input.format)
    return ResponseOrder(
        session_instructions=config.instructions,
        order=wish.instructions or "",
        tools=config.tools if wish.tools is UNSET else wish.tools,
        tool_choice=config.tool_choice if wish.tool_choice is UNSET else wish.tool_choice,
        max_output_tokens=config.max_output_tokens if wish.max_output_tokens is UNSET else wish.max_output_tokens,
        modalities=config.output_modalities if wish.output_modalities is UNSET else wish.output_modalities,
        metadata=wish.metadata,
        is_in_conversation=wish.conversation != "none",
        form=output.format if wish.audio.output.format is UNSET else wish.audio.output.format,
        voice=output.voice if wish.audio.output.voice is UNSET else wish.audio.output.voice,
        context=context,
    )


def _context(wished: tuple[JsonObject, ...], conversation: Conversation, form: Format) -> tuple[Item, ...]:
    return tuple(_context_item(content, number, conversation, form) for number, content in enumerate(wished))


def _context_item(content: JsonObject, number: int, conversation: Conversation, form: Format) -> Item:
    path = f"response.input[{number}]"
    if content["type"] != "item_reference":
        return read_item(content, form=form, path=path)
    item = conversation.get(content["id"])
    if item is None:
        raise Refusal("invalid_value", f"Item with ID '{content['id']}' not found.", f"{path}.id")
    return item
