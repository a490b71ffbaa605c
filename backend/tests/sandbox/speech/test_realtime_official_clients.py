"""The vendor's own clients, unmodified, against the service (checklist point 13)."""

import asyncio
from typing import Any

import pytest
from agents import function_tool, set_tracing_disabled
from agents.realtime import RealtimeAgent, RealtimeRunner
from openai import AsyncOpenAI, AuthenticationError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent
from websockets.exceptions import ConnectionClosedError

from audiokit.mulaw import silence
from sandbox.speech.parts import Said, Speak, ToolAnswered, UseTool
from sandbox.speech.settings import SpeechSettings
from tests.sandbox.speech.realtime_wire import (
    MODEL,
    PATIENCE_S,
    WORD_MS,
    ScriptedBrain,
    ScriptedEars,
    Service,
    ToneVoice,
    base64,
    running,
    tone,
)

TELEPHONE: Any = {
    "input": {
        "format": {"type": "audio/pcmu"},
        "transcription": {"model": "gpt-transcribe"},
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
    },
    "output": {"format": {"type": "audio/pcmu"}, "voice": "cedar"},
}
TOOL: Any = {"type": "function", "name": "take_message", "parameters": {"type": "object"}}
TURN = silence(1000) + tone(600) + silence(1000)


def official(service: Service, key: str = "sk-test") -> AsyncOpenAI:
    return AsyncOpenAI(api_key=key, base_url=f"{service.http_url}/v1", max_retries=0)


async def next_event(connection: AsyncRealtimeConnection, name: str) -> Any:  # noqa: ANN401 - one of fifty event types
    """The next event of a type."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            event: RealtimeServerEvent = await connection.recv()
            assert event.type != "error" or name == "error", event
            if event.type == name:
                return event


class TestOpenAI:
    async def test_text(self) -> None:
        brain = ScriptedBrain([[Speak("We open at nine.")]])
        async with running(brain=brain) as service, official(service).realtime.connect(model=MODEL) as connection:
            await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
            updated = await next_event(connection, "session.updated")
            text: Any = [{"type": "input_text", "text": "When do you open?"}]
            await connection.conversation.item.create(item={"type": "message", "role": "user", "content": text})
            await connection.response.create()
            done = await next_event(connection, "response.output_text.done")
            end = await next_event(connection, "response.done")

        assert updated.session.output_modalities == ["text"]
        assert done.text == "We open at nine."
        assert end.response.usage.output_tokens == 4
        assert brain.situations[0].items == (Said("user", "When do you open?"),)

    async def test_audio_a_tool_and_a_truncation(self) -> None:
        brain = ScriptedBrain(
            [
                [Speak("Let me note that."), UseTool("take_message", {"text": "hi"})],
                [Speak("I have noted that for you.")],
                [Speak("Bye.")],
            ]
        )
        ears = ScriptedEars(["Please tell him hi."])
        async with running(ears=ears, brain=brain) as service, official(service).realtime.connect(model=MODEL) as line:
            await line.session.update(session={"type": "realtime", "audio": TELEPHONE, "tools": [TOOL]})
            await next_event(line, "session.updated")
            await line.input_audio_buffer.append(audio=base64(TURN))
            started = await next_event(line, "input_audio_buffer.speech_started")
            heard = await next_event(line, "conversation.item.input_audio_transcription.completed")
            first = (await next_event(line, "response.done")).response
            call = first.output[1]
            answer: Any = {"type": "function_call_output", "call_id": call.call_id, "output": '{"ok":true}'}
            await line.conversation.item.create(item=answer)
            await line.response.create()
            second = (await next_event(line, "response.done")).response
            item_id = second.output[0].id
            await line.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=3 * WORD_MS)
            await next_event(line, "conversation.item.truncated")
            await line.conversation.item.retrieve(item_id=item_id)
            retrieved = await next_event(line, "conversation.item.retrieved")
            await line.response.create(response={"instructions": "Say goodbye.", "tool_choice": "none"})
            await next_event(line, "response.done")

        assert started.audio_start_ms == 700
        assert heard.transcript == "Please tell him hi."
        assert [item.type for item in first.output] == ["message", "function_call"]
        assert call.name == "take_message"
        assert retrieved.item.content[0].transcript is None
        *_, answered, said = brain.situations[2].items
        assert answered == ToolAnswered(call.call_id, '{"ok":true}')
        assert said == Said("assistant", "I have noted")

    async def test_cancellation(self) -> None:
        settings = SpeechSettings(pacing=2, log_level="WARNING", seed=1)
        brain = ScriptedBrain([[Speak("word " * 40)]])
        async with running(settings, brain=brain) as service, official(service).realtime.connect(model=MODEL) as line:
            await line.response.create()
            delta = await next_event(line, "response.output_audio.delta")
            await line.response.cancel(response_id=delta.response_id)
            end = await next_event(line, "response.done")
            await line.response.cancel(event_id="evt_1")
            error = await next_event(line, "error")

        assert end.response.status == "cancelled"
        assert end.response.status_details.reason == "client_cancelled"
        assert (error.error.code, error.error.event_id) == ("response_cancel_not_active", "evt_1")

    async def test_a_key_that_is_refused(self) -> None:
        async with running() as service, official(service, "sk-bad") as bad:
            async with bad.realtime.connect(model=MODEL) as connection:
                error = await next_event(connection, "error")
                with pytest.raises(ConnectionClosedError) as closed:
                    await connection.recv()
            with pytest.raises(AuthenticationError):
                await bad.models.list()

        assert error.error.code == "invalid_api_key"
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 3000

    async def test_the_end_of_the_hour_ends_the_iteration(self) -> None:
        settings = SpeechSettings(session_s=0.5, log_level="WARNING")
        async with running(settings) as service, official(service).realtime.connect(model=MODEL) as connection:
            async with asyncio.timeout(PATIENCE_S):
                events = [event async for event in connection]

        assert [event.type for event in events] == ["session.created", "error"]

    async def test_models_and_written_tasks(self) -> None:
        async with running() as service, official(service) as client:
            models = {model.id async for model in client.models.list()}
            response = await client.responses.create(
                model="gpt-6-luna",
                instructions="Summarise the call.",
                input="caller: My name is Bob and I need an appointment on Tuesday.",
            )

        assert MODEL in models
        assert "Tuesday" in response.output_text
        assert response.usage is not None
        assert response.usage.total_tokens > 0


class TestAgents:
    @pytest.fixture(autouse=True)
    def _stay_offline(self) -> None:
        set_tracing_disabled(True)

    async def test_a_call_with_a_tool(self) -> None:
        taken: list[str] = []

        @function_tool
        def take_message(text: str) -> str:
            """Store a message for the owner."""
            taken.append(text)
            return "stored"

        brain = ScriptedBrain(
            [[Speak("One moment."), UseTool("take_message", {"text": "call Bob"})], [Speak("It is noted, goodbye.")]]
        )
        agent = RealtimeAgent(name="Ava", instructions="You are Ava.", tools=[take_message])
        async with running(ears=ScriptedEars(["Tell him to call Bob."]), brain=brain) as service:
            address = f"{service.realtime_url}?model={MODEL}"
            settings: Any = {"model_name": MODEL, "audio": TELEPHONE, "tracing": None}
            session = await RealtimeRunner(agent).run(
                model_config={"api_key": "sk-test", "url": address, "initial_model_settings": settings}
            )
            audio: list[bytes] = []
            kinds: list[str] = []
            errors: list[object] = []
            async with session, asyncio.timeout(PATIENCE_S):
                await session.send_audio(TURN)
                async for event in session:
                    kinds.append(event.type)
                    if event.type == "audio":
                        audio.append(event.audio.data)
                    if event.type == "error":
                        errors.append(event.error)
                    if kinds.count("audio_end") == 2:
                        break
            (listed, *_) = (await service.get("/sandbox/sessions"))["sessions"]

        assert errors == []
        assert taken == ["call Bob"]
        assert {"tool_start", "tool_end", "history_added", "history_updated"} <= set(kinds)
        first, second = [await ToneVoice().render(text) for text in ("One moment.", "It is noted, goodbye.")]
        assert b"".join(audio) == first.audio + second.audio
        assert brain.situations[0].instructions == "You are Ava."
        assert brain.situations[1].items[-1] == ToolAnswered(
            next(item["call_id"] for item in listed["conversation"] if item["type"] == "function_call"), "stored"
        )
        assert "error" not in listed["sent"]

    async def test_an_interruption(self) -> None:
        settings = SpeechSettings(pacing=2, log_level="WARNING", seed=1)
        brain = ScriptedBrain([[Speak("word " * 40)], [Speak("Yes?")]])
        agent = RealtimeAgent(name="Ava", instructions="You are Ava.")
        async with running(settings, brain=brain) as service:
            address = f"{service.realtime_url}?model={MODEL}"
            initial: Any = {"model_name": MODEL, "audio": TELEPHONE, "tracing": None}
            session = await RealtimeRunner(agent).run(
                model_config={"api_key": "sk-test", "url": address, "initial_model_settings": initial}
            )
            kinds: list[str] = []
            async with session, asyncio.timeout(PATIENCE_S):
                await session.send_message("Tell me everything.")
                async for event in session:
                    if event.type == "audio" and "audio" not in kinds:
                        await session.send_audio(TURN)
                    kinds.append(event.type)
                    if event.type == "audio_interrupted":
                        break
                while len(brain.situations) < 2:
                    await anext(aiter(session))
            (listed, *_) = (await service.get("/sandbox/sessions"))["sessions"]

        assert "audio_interrupted" in kinds
        assert listed["sent"]["conversation.item.truncated"] == 1
        assert "error" not in kinds
