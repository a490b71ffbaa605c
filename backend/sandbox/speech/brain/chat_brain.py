"""A brain behind a chat-completions endpoint (OpenAI API reference, "Create chat completion").

Any server that speaks that protocol will do, so that a model on one's own machine can answer the sandbox's calls.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from sandbox.speech.brain.orders import exact_text
from sandbox.speech.brain.utterance import language_of
from sandbox.speech.parts import Action, Item, Said, Situation, Speak, ToolAnswered, ToolAsked, UseTool

_JsonObject = dict[str, object]

_ON_THE_PHONE = (
    "You are speaking on the telephone: answer with the words to be spoken only, one or two short sentences, "
    "without markup."
)


class BrainUnavailable(Exception):
    """The endpoint cannot be reached, refuses, or answers with something else than a chat completion."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is asked. An empty model leaves the choice to the server, an empty key sends none."""

    base_url: str
    model: str = ""
    api_key: str = ""
    timeout_s: float = 30.0


class ChatBrain:
    """Answers through a language model; set sentences are spoken without asking it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def respond(self, situation: Situation) -> list[Action]:
        """Ask the model for the next message and tool calls. Raises BrainUnavailable."""
        if text := exact_text(situation.order):
            return [Speak(text, language_of(text) or "en")]
        return _actions(await self._ask(_request(situation, self._endpoint.model)))

    async def _ask(self, body: _JsonObject) -> _JsonObject:
        """The message of the first choice."""
        endpoint = self._endpoint
        headers = {"authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
        try:
            async with httpx.AsyncClient(timeout=endpoint.timeout_s, trust_env=False) as client:
                response = await client.post(
                    f"{endpoint.base_url.rstrip('/')}/chat/completions", json=body, headers=headers
                )
                response.raise_for_status()
                message = response.json()["choices"][0]["message"]
        except httpx.HTTPStatusError as error:
            raise BrainUnavailable(f"the language model answered with status {error.response.status_code}") from None
        except httpx.TimeoutException:
            raise BrainUnavailable(f"the language model did not answer within {endpoint.timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise BrainUnavailable(f"the language model cannot be reached: {type(error).__name__}") from None
        except (ValueError, LookupError, TypeError):
            raise BrainUnavailable("the language model's answer is no chat completion") from None
        if not isinstance(message, dict):
            raise BrainUnavailable("the language model's answer is no chat completion")
        return message


def _request(situation: Situation, model: str) -> _JsonObject:
    instructions = situation.order or situation.instructions
    body: _JsonObject = {
        "messages": [
            {"role": "system", "content": f"{instructions}\n\n{_ON_THE_PHONE}".strip()},
            *_messages(situation.items),
        ]
    }
    if model:
        body["model"] = model
    functions = [tool for tool in situation.tools if tool.get("type", "function") == "function"]
    if functions and situation.may_use_tools:
        body["tools"] = [_function(tool) for tool in functions]
    return body


def _function(tool: Mapping[str, object]) -> _JsonObject:
    """A Realtime tool is flat; a chat completion's lies under "function"."""
    return {
        "type": "function",
        "function": {key: tool[key] for key in ("name", "description", "parameters") if key in tool},
    }


def _messages(items: Sequence[Item]) -> list[_JsonObject]:
    """The conversation as chat messages. A tool call that was never answered is left out: endpoints refuse it."""
    answered = {item.call_id for item in items if isinstance(item, ToolAnswered)}
    asked = {item.call_id for item in items if isinstance(item, ToolAsked)}
    messages: list[_JsonObject] = []
    for item in items:
        match item:
            case Said(role, text):
                messages.append({"role": role, "content": text})
            case ToolAsked(call_id, name, arguments) if call_id in answered:
                call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
                messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            case ToolAnswered(call_id, output) if call_id in asked:
                messages.append({"role": "tool", "tool_call_id": call_id, "content": output})
    return messages


def _actions(message: _JsonObject) -> list[Action]:
    actions: list[Action] = []
    content = message.get("content")
    if isinstance(content, str) and content.strip():
        actions.append(Speak(content.strip(), language_of(content) or "en"))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            actions.append(UseTool(function["name"], _arguments(function.get("arguments"))))
    if not actions:
        raise BrainUnavailable("the language model answered with neither words nor a tool call")
    return actions


def _arguments(text: object) -> _JsonObject:
    try:
        found = json.loads(text) if isinstance(text, str) and text else {}
    except ValueError:
        raise BrainUnavailable("the language model called a tool with arguments that are not JSON") from None
    if not isinstance(found, dict):
        raise BrainUnavailable("the language model called a tool with arguments that are no JSON object")
    return found
