"""What `session.update` and the parameters of `response.create` may hold (GA protocol, openai-python 3.54 types)."""

from collections.abc import Mapping

from sandbox.speech.realtime.item_shape import REFERENCE_OR_ITEM
from sandbox.speech.realtime.shape import (
    Check,
    anything,
    boolean,
    choice,
    dictionary,
    integer,
    json_object,
    listing,
    nullable,
    number,
    record,
    tagged,
    text,
    text_up_to,
    word_or,
)

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")


def _kind(word: str, **fields: Check) -> Check:
    return record({"type": choice(word), **fields}, required=("type",))


FORMAT = tagged(
    "type",
    {
        "audio/pcm": record({"type": text, "rate": integer(24000, 24000)}),
        "audio/pcmu": _kind("audio/pcmu"),
        "audio/pcma": _kind("audio/pcma"),
    },
)
TRANSCRIPTION = record(
    {
        "model": text,
        "language": nullable(text),
        "languages": nullable(listing(text)),
        "keywords": nullable(listing(text)),
        "prompt": nullable(text),
        "delay": nullable(choice("minimal", "low", "medium", "high", "xhigh")),
    }
)
TURN_DETECTION = tagged(
    "type",
    {
        "server_vad": record(
            {
                "type": text,
                "threshold": number(0, 1),
                "prefix_padding_ms": integer(0),
                "silence_duration_ms": integer(0),
                "idle_timeout_ms": nullable(integer(5000, 30000)),
                "create_response": boolean,
                "interrupt_response": boolean,
            }
        ),
        "semantic_vad": record(
            {
                "type": text,
                "eagerness": choice("low", "medium", "high", "auto"),
                "create_response": boolean,
                "interrupt_response": boolean,
            }
        ),
    },
)
NOISE_REDUCTION = record({"type": choice("near_field", "far_field"), "strength": number(0)}, required=("type",))
VOICE = word_or(choice(*VOICES), record({"id": text}, required=("id",)))
AUDIO_INPUT = record(
    {
        "format": FORMAT,
        "noise_reduction": nullable(NOISE_REDUCTION),
        "transcription": nullable(TRANSCRIPTION),
        "turn_detection": nullable(TURN_DETECTION),
    }
)
AUDIO_OUTPUT = record({"format": FORMAT, "voice": VOICE, "speed": number(0.25, 1.5)})

TOOL = tagged(
    "type",
    {
        "function": record(
            {"type": text, "name": text, "description": nullable(text), "parameters": nullable(json_object)},
            required=("name",),
        ),
        "mcp": record(
            {
                "type": text,
                "server_label": text,
                "server_url": text,
                "connector_id": text,
                "tunnel_id": text,
                "server_description": text,
                "authorization": text,
                "headers": nullable(json_object),
                "allowed_tools": anything,
                "allowed_callers": anything,
                "require_approval": anything,
                "defer_loading": boolean,
            },
            required=("server_label",),
        ),
    },
)
TOOL_CHOICE = word_or(
    choice("auto", "none", "required"),
    tagged(
        "type",
        {
            "function": _kind("function", name=text),
            "mcp": _kind("mcp", server_label=text, name=nullable(text)),
        },
    ),
)
TRUNCATION = word_or(
    choice("auto", "disabled"),
    tagged(
        "type",
        {
            "retention_ratio": _kind(
                "retention_ratio",
                retention_ratio=number(0, 1),
                token_limits=nullable(record({"post_instructions": integer(0)})),
            )
        },
    ),
)
TRACING = word_or(choice("auto"), record({"workflow_name": text, "group_id": text, "metadata": json_object}))
PROMPT = record({"id": text, "version": nullable(text), "variables": nullable(json_object)}, required=("id",))
INCLUDE = listing(choice("item.input_audio_transcription.logprobs"))

_WHAT_A_RESPONSE_SHARES: Mapping[str, Check] = {
    "instructions": text,
    "max_output_tokens": word_or(choice("inf"), integer(1, 4096)),
    "output_modalities": listing(choice("text", "audio"), least=1, most=1),
    "parallel_tool_calls": boolean,
    "prompt": nullable(PROMPT),
    "reasoning": record({"effort": choice(*EFFORTS)}),
    "tool_choice": TOOL_CHOICE,
    "tools": listing(TOOL),
}

REALTIME_SESSION = record(
    {
        **_WHAT_A_RESPONSE_SHARES,
        "type": choice("realtime"),
        "model": text,
        "audio": record({"input": AUDIO_INPUT, "output": AUDIO_OUTPUT}),
        "include": nullable(INCLUDE),
        "tracing": nullable(TRACING),
        "truncation": TRUNCATION,
    },
    required=("type",),
)
TRANSCRIPTION_SESSION = record(
    {"type": choice("transcription"), "audio": record({"input": AUDIO_INPUT}), "include": nullable(INCLUDE)},
    required=("type",),
)
RESPONSE_PARAMETERS = record(
    {
        **_WHAT_A_RESPONSE_SHARES,
        "audio": record({"output": record({"format": FORMAT, "voice": VOICE})}),
        "conversation": choice("auto", "none"),
        "input": listing(REFERENCE_OR_ITEM),
        "metadata": nullable(dictionary(text_up_to(64), text_up_to(512), most=16)),
    }
)
