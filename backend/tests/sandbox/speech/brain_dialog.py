"""Talking with a brain: an assistant's session, its tools and their answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.speech.parts import Action, Brain, Item, Said, Situation, Speak, ToolAnswered, ToolAsked, UseTool

INSTRUCTIONS = """\
You are Ava, the assistant of Alex Smith at Smith Dental.

# Your task
You answer the phone for Alex Smith. Find out who is calling and why, then do the right thing.

# How you speak
- Speak the caller's language; you know en, de. Stay with it unless asked to change.

# What you know
Smith Dental is open Monday to Friday from 9 am to 5 pm. We are closed on weekends.
We are at 12 Main Street, second floor.
- A cleaning costs 80 dollars
- Our hygienist Dr. Wong treats nervous patients and children

# Something else
The alarm code is 4711.
"""

GREETING = "Hello, this is Ava, an AI assistant answering for Alex Smith. How can I help you?"
_STRING: dict[str, object] = {"type": "string"}


def function(name: str, properties: Mapping[str, object], required: list[str]) -> dict[str, object]:
    """A function tool as a Realtime session lists it."""
    parameters = {"type": "object", "additionalProperties": False, "properties": properties, "required": required}
    return {"type": "function", "name": name, "description": f"Does {name}.", "parameters": parameters}


TAKE_MESSAGE = function(
    "take_message",
    {
        "caller_name": _STRING,
        "callback_number": _STRING,
        "text": _STRING,
        "urgency": {"type": "string", "enum": ["low", "normal", "urgent"]},
    },
    ["text", "urgency"],
)
TRANSFER_CALL = function("transfer_call", {"caller_name": _STRING, "reason": _STRING}, ["reason"])
SEND_BOOKING_LINK = function("send_booking_link", {"to_number": _STRING, "reason": _STRING}, [])
HANG_UP = function(
    "hang_up",
    {"reason": {"type": "string", "enum": ["finished", "spam", "wrong_number", "abusive", "robocall"]}},
    ["reason"],
)
TOOLS = (TAKE_MESSAGE, TRANSFER_CALL, SEND_BOOKING_LINK, HANG_UP)

_ENDS_THE_TALK = ("hang_up", "transfer_call")


@dataclass
class Dialog:
    """A conversation with a brain. `outputs` are the answers of tools by name, one after the other."""

    brain: Brain
    tools: tuple[dict[str, object], ...] = TOOLS
    outputs: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    instructions: str = INSTRUCTIONS
    items: list[Item] = field(default_factory=lambda: [Said("assistant", GREETING)])
    used: list[UseTool] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)

    async def says(self, text: str) -> str:
        """The caller says something; returns all the assistant says until it is the caller's turn again."""
        self.items.append(Said("user", text))
        spoken = []
        while True:
            actions = await self.respond()
            spoken += [action.text for action in actions if isinstance(action, Speak)]
            if not self._perform(actions):
                return " ".join(spoken)

    async def respond(self, order: str = "", *, may_use_tools: bool = True) -> list[Action]:
        return await self.brain.respond(
            Situation(self.instructions, order, self.tools, tuple(self.items), may_use_tools)
        )

    def _perform(self, actions: list[Action]) -> bool:
        """Enter what was said and done; whether a tool's answer calls for a further response."""
        goes_on = False
        for action in actions:
            if isinstance(action, Speak):
                self.items.append(Said("assistant", action.text))
                self.languages.append(action.language)
                continue
            call_id = f"call_{len(self.used)}"
            self.used.append(action)
            output = self.outputs[action.name].pop(0) if self.outputs.get(action.name) else {"ok": True}
            self.items += [
                ToolAsked(call_id, action.name, json.dumps(action.arguments)),
                ToolAnswered(call_id, json.dumps(output)),
            ]
            goes_on = goes_on or action.name not in _ENDS_THE_TALK or output.get("ok") is False
        return goes_on

    @property
    def deeds(self) -> list[tuple[str, dict[str, object]]]:
        return [(tool.name, tool.arguments) for tool in self.used]
