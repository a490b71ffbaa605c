"""`session.update`: what changes, what is refused, and that nothing of what is refused is applied (point 3)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.speech.parts import Speak
from tests.sandbox.speech.realtime_wire import PCMU, Client, Event, ScriptedBrain, Service, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[Service]:
    async with running() as service:
        yield service


async def refusal(client: Client, **session: object) -> Event:
    await client.send("session.update", event_id="evt_cfg", session=session)
    error: Event = (await client.next("error"))["error"]
    assert error["event_id"] == "evt_cfg"
    return error


async def test_answers_with_the_whole_session(service: Service) -> None:
    tool = {"type": "function", "name": "take_message", "description": "Store it.", "parameters": {"type": "object"}}
    async with service.session() as client:
        updated = await client.update(
            instructions="You are Ava.",
            tools=[tool],
            tool_choice={"type": "function", "name": "take_message"},
            max_output_tokens=1024,
            truncation={
                "type": "retention_ratio",
                "retention_ratio": 0.8,
                "token_limits": {"post_instructions": 16000},
            },
            include=["item.input_audio_transcription.logprobs"],
            reasoning={"effort": "low"},
            parallel_tool_calls=False,
            model="gpt-realtime-2.1",
            tracing=None,
        )

    session = updated["session"]
    assert session["id"] == client.log[0]["session"]["id"]
    assert session["instructions"] == "You are Ava."
    assert session["tools"] == [tool]
    assert session["tool_choice"] == {"type": "function", "name": "take_message"}
    assert session["max_output_tokens"] == 1024
    assert session["truncation"]["retention_ratio"] == 0.8
    assert session["include"] == ["item.input_audio_transcription.logprobs"]
    assert session["reasoning"] == {"effort": "low"}
    assert session["output_modalities"] == ["audio"]


async def test_audio_changes_member_by_member(service: Service) -> None:
    async with service.session() as client:
        await client.update(audio={"input": {"format": PCMU}, "output": {"voice": "cedar"}})
        listening = {"transcription": {"model": "gpt-transcribe", "keywords": ["Invisalign"]}}
        updated = await client.update(audio={"input": listening})

    audio = updated["session"]["audio"]
    assert audio["input"]["format"] == {"type": "audio/pcmu"}
    assert audio["input"]["transcription"] == {"model": "gpt-transcribe", "keywords": ["Invisalign"]}
    assert audio["input"]["turn_detection"]["type"] == "server_vad"
    assert audio["output"] == {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "cedar", "speed": 1.0}


async def test_what_lies_deeper_is_replaced_as_a_whole(service: Service) -> None:
    async with service.session() as client:
        await client.update(audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 0.9}}})
        vad = {"type": "server_vad", "silence_duration_ms": 500, "idle_timeout_ms": 10000}
        server = await client.update(audio={"input": {"turn_detection": vad}})
        semantic = await client.update(audio={"input": {"turn_detection": {"type": "semantic_vad"}}})

    assert server["session"]["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": 10000,
        "create_response": True,
        "interrupt_response": True,
    }
    assert semantic["session"]["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }


async def test_null_turns_things_off(service: Service) -> None:
    async with service.session() as client:
        on = {"transcription": {"model": "gpt-transcribe"}, "noise_reduction": {"type": "near_field"}}
        await client.update(audio={"input": on}, tools=[{"type": "function", "name": "f"}])
        off = {"turn_detection": None, "noise_reduction": None, "transcription": None}
        updated = await client.update(audio={"input": off}, tools=[], instructions="")

    listening = updated["session"]["audio"]["input"]
    assert (listening["turn_detection"], listening["noise_reduction"], listening["transcription"]) == (None,) * 3
    assert updated["session"]["tools"] == []
    assert updated["session"]["instructions"] == ""


async def test_noise_reduction_keeps_a_strength_that_is_not_given(service: Service) -> None:
    async with service.session() as client:
        await client.update(audio={"input": {"noise_reduction": {"type": "near_field", "strength": 0.4}}})
        updated = await client.update(audio={"input": {"noise_reduction": {"type": "far_field"}}})

    assert updated["session"]["audio"]["input"]["noise_reduction"] == {"type": "far_field", "strength": 0.4}


PCMU_WITH_RATE = {"type": "audio/pcmu", "rate": 8000}
WIDEBAND = {"type": "audio/pcm", "rate": 16000}

REFUSED = [
    ({}, "missing_required_parameter", "type"),
    ({"type": "transcription"}, "invalid_value", "type"),
    ({"turn_detection": None}, "unknown_parameter", "turn_detection"),
    ({"temperature": 0.8}, "unknown_parameter", "temperature"),
    ({"modalities": ["audio"]}, "unknown_parameter", "modalities"),
    ({"voice": "marin"}, "unknown_parameter", "voice"),
    ({"instructions": 5}, "invalid_type", "instructions"),
    ({"model": "gpt-realtime-2"}, "invalid_value", "model"),
    ({"output_modalities": ["audio", "text"]}, "invalid_value", "output_modalities"),
    ({"max_output_tokens": 0}, "invalid_value", "max_output_tokens"),
    ({"max_output_tokens": 4097}, "invalid_value", "max_output_tokens"),
    ({"max_output_tokens": "all"}, "invalid_value", "max_output_tokens"),
    ({"tools": [{"type": "function"}]}, "missing_required_parameter", "tools[0].name"),
    ({"tools": [{"type": "function", "name": "f", "strict": True}]}, "unknown_parameter", "tools[0].strict"),
    ({"tool_choice": "always"}, "invalid_value", "tool_choice"),
    ({"audio": {"output": {"voice": "hal"}}}, "invalid_value", "audio.output.voice"),
    ({"audio": {"output": {"speed": 2}}}, "invalid_value", "audio.output.speed"),
    ({"audio": {"output": {"format": {"type": "g711_ulaw"}}}}, "invalid_value", "audio.output.format.type"),
    ({"audio": {"input": {"format": PCMU_WITH_RATE}}}, "unknown_parameter", "audio.input.format.rate"),
    ({"audio": {"input": {"format": WIDEBAND}}}, "invalid_value", "audio.input.format.rate"),
    ({"audio": {"input": {"turn_detection": {}}}}, "missing_required_parameter", "audio.input.turn_detection.type"),
]


@pytest.mark.parametrize(("changes", "code", "param"), REFUSED)
async def test_is_refused_as_a_whole(service: Service, changes: Event, code: str, param: str) -> None:
    async with service.session() as client:
        named = changes if changes == {} or "type" in changes else {"type": "realtime", **changes}
        error = await refusal(client, **{"instructions": "Never applied.", **named})
        untouched = (await client.update())["session"]

    assert (error["code"], error["param"], error["type"]) == (code, f"session.{param}", "invalid_request_error")
    assert untouched == client.log[0]["session"]


@pytest.mark.parametrize(
    ("turn_detection", "code"),
    [
        ({"type": "server_vad", "idle_timeout_ms": 4999}, "invalid_value"),
        ({"type": "server_vad", "idle_timeout_ms": 30001}, "invalid_value"),
        ({"type": "semantic_vad", "idle_timeout_ms": 10000}, "unknown_parameter"),
    ],
)
async def test_the_idle_timeout_has_limits(service: Service, turn_detection: Event, code: str) -> None:
    async with service.session() as client:
        error = await refusal(client, type="realtime", audio={"input": {"turn_detection": turn_detection}})

    assert (error["code"], error["param"]) == (code, "session.audio.input.turn_detection.idle_timeout_ms")


async def test_the_messages_are_those_of_the_vendor(service: Service) -> None:
    async with service.session() as client:
        unknown = await refusal(client, type="realtime", turn_detection=None)
        missing = await refusal(client, instructions="x")

    assert unknown["message"] == "Unknown parameter: 'session.turn_detection'."
    assert missing["message"] == "Missing required parameter: 'session.type'."


async def test_the_voice_is_locked_by_the_first_audio() -> None:
    async with running(brain=ScriptedBrain([[Speak("Good morning.")]])) as service, service.session() as client:
        await client.update(audio={"output": {"format": PCMU, "voice": "cedar"}})
        await client.respond()
        error = await refusal(client, type="realtime", audio={"output": {"voice": "ash"}})
        same = await client.update(audio={"output": {"voice": "cedar"}})

    assert error["code"] == "cannot_update_voice"
    assert error["message"] == "Cannot update a conversation's voice if assistant audio is present."
    assert error["param"] == "session.audio.output.voice"
    assert same["session"]["audio"]["output"]["voice"] == "cedar"


async def test_tracing_stays_what_it_is_once_it_is_on(service: Service) -> None:
    async with service.session() as client:
        await client.update(tracing="auto")
        error = await refusal(client, type="realtime", tracing=None)

    assert (error["code"], error["param"]) == ("invalid_value", "session.tracing")


async def test_a_model_without_reasoning_refuses_it(service: Service) -> None:
    async with service.session("model=gpt-realtime-1.5") as client:
        error = await refusal(client, type="realtime", reasoning={"effort": "low"})

    assert (error["code"], error["param"]) == ("unknown_parameter", "session.reasoning")


async def test_a_voice_of_ones_own_is_named_by_its_id(service: Service) -> None:
    async with service.session() as client:
        updated = await client.update(audio={"output": {"voice": {"id": "voice_123"}}})

    assert updated["session"]["audio"]["output"]["voice"] == {"id": "voice_123"}
