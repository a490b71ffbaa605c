"""The tools a session offers, and calling them by their own JSON schemas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.speech.parts import UseTool


@dataclass(frozen=True, slots=True)
class Offer:
    """Function tools by name, each with its JSON schema; empty when none may be used."""

    schemas: Mapping[str, Mapping[str, object]]

    def has(self, tool: str) -> bool:
        return tool in self.schemas

    def use(self, tool: str, wishes: Mapping[str, str]) -> list[UseTool]:
        """Call a tool with those wishes its schema knows; no call when it is not offered or cannot be satisfied."""
        if tool not in self.schemas:
            return []
        schema = self.schemas[tool]
        properties = _mapping(schema.get("properties"))
        required = schema.get("required")
        arguments: dict[str, object] = {}
        for name, shape in properties.items():
            value = _fitting(wishes.get(name, ""), _mapping(shape))
            if value is not None:
                arguments[name] = value
        if isinstance(required, list) and any(name not in arguments for name in required):
            return []
        return [UseTool(tool, arguments)]


def read_offer(tools: Sequence[Mapping[str, object]], *, may_use_tools: bool) -> Offer:
    """The function tools among those a session lists."""
    if not may_use_tools:
        return Offer({})
    return Offer(
        {
            str(tool["name"]): _mapping(tool.get("parameters"))
            for tool in tools
            if tool.get("type", "function") == "function" and tool.get("name")
        }
    )


def _fitting(value: str, shape: Mapping[str, object]) -> object | None:
    """The value when the schema allows it, None otherwise. A choice that is not offered falls back to the first one."""
    if not value:
        return None
    choices = shape.get("enum")
    if isinstance(choices, list) and choices:
        return value if value in choices else choices[0]
    if shape.get("type", "string") != "string":
        return None
    longest = shape.get("maxLength")
    return value[:longest] if isinstance(longest, int) else value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
