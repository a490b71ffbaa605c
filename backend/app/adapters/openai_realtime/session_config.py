"""The session's configuration for telephone audio, and what a fresh session is told of the call.

The configuration is the same, byte for byte, for every call of an assistant: the vendor caches that prefix, and cached
input costs a fraction. What belongs to one call follows as items (openai-realtime.md §2, §4.7, §4.8).
"""

from typing import Any, TypeAlias

import msgspec

from app.adapters.openai_realtime.codec import Writer
from app.callflow.engine import EnginePersona
from app.callflow.words import Seed

JsonObject: TypeAlias = dict[str, Any]

_NOT_REASONING = ("gpt-realtime-1.5", "gpt-realtime-2025-08-28", "gpt-realtime-mini")
_LONGEST_ANSWER_TOKENS = 1024
_AFTER_INSTRUCTIONS_TOKENS = 16_000
_MULAW = {"type": "audio/pcmu"}
"""Without a rate: Realtime refuses one for G.711 (sheet §0, fact 5)."""


def configuration(persona: EnginePersona, *, model: str, transcription_model: str) -> JsonObject:
    """The session object of `session.update`."""
    session = minimal_configuration(persona, transcription_model=transcription_model) | {
        "parallel_tool_calls": False,
        "max_output_tokens": _LONGEST_ANSWER_TOKENS,
        "truncation": {
            "type": "retention_ratio",
            "retention_ratio": 0.8,
            "token_limits": {"post_instructions": _AFTER_INSTRUCTIONS_TOKENS},
        },
    }
    if transcription_model == "gpt-transcribe":
        helped = {"languages": list(persona.languages), "keywords": list(persona.keywords)}
        session["audio"]["input"]["transcription"] |= helped
    session["audio"]["input"]["noise_reduction"] = None
    if is_reasoning(model):
        session["reasoning"] = {"effort": "low"}
    return session


def minimal_configuration(persona: EnginePersona, *, transcription_model: str) -> JsonObject:
    """What a call can hardly do without; used when a server refuses the whole."""
    return {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": persona.instructions,
        "tools": [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": msgspec.json.decode(tool.parameters),
            }
            for tool in persona.tools
        ],
        "tool_choice": "auto",
        "audio": {
            "input": {
                "format": _MULAW,
                "transcription": {"model": transcription_model},
                # The call's session decides about turns and interruptions; the server only hears and tells.
                "turn_detection": {
                    "type": "semantic_vad",
                    "eagerness": "auto",
                    "create_response": False,
                    "interrupt_response": False,
                },
            },
            "output": {"format": _MULAW, "voice": persona.voice},
        },
    }


def in_linear_audio(session: JsonObject, hz: int) -> JsonObject:
    """The same session for a server that speaks 16-bit linear audio."""
    form = {"type": "audio/pcm", "rate": hz}
    audio = {side: {**settings, "format": form} for side, settings in session["audio"].items()}
    return {**session, "audio": audio}


def without_transcription(session: JsonObject) -> JsonObject:
    """The same session for a server that cannot write down what it hears."""
    audio = session["audio"]
    return {**session, "audio": {**audio, "input": {**audio["input"], "transcription": None}}}


def is_reasoning(model: str) -> bool:
    """Whether the model takes `reasoning`; others refuse the whole configuration because of it (§1.2)."""
    return model != "gpt-realtime" and not model.startswith(_NOT_REASONING)


def seed_items(writer: Writer, seed: Seed) -> list[bytes]:
    """The conversation so far, as items of a new session: the note, then tools, then what was really heard."""
    frames = [writer.message("system", seed.note)] if seed.note else []
    for tool in seed.tools:
        frames.append(writer.tool_request(tool.tool_call_id, tool.name, tool.arguments))
        frames.append(writer.tool_output(tool.tool_call_id, tool.output))
    for speaker, text in seed.turns:
        role = "user" if speaker == "caller" else "assistant"
        frames.append(writer.message(role, text))
    return frames
