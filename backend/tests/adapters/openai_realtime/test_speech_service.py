"""Whole sessions with the sandbox's speech service, which reads the protocol independently of the adapter."""

import asyncio

import pytest

from app.adapters.openai_realtime.pricing import price_of
from app.callflow.commands import (
    AnswerTool,
    CancelResponse,
    ForgetItem,
    RequestResponse,
    SendToEngine,
    TellEngine,
    TruncateAssistantTurn,
)
from app.callflow.events import (
    AssistantAudio,
    AssistantItemDone,
    AssistantText,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    CostIncurred,
    EngineLost,
    EngineReady,
    ResponseEnded,
    ResponseStarted,
    ToolRequested,
)
from app.callflow.words import EngineLoss, EngineTraits, ResponseStatus, Seed, Speaker, ToolRecord
from audiokit.mulaw import FRAME_BYTES, silence
from sandbox.speech.parts import Said, Speak, ToolAnswered, ToolAsked, UseTool
from sandbox.speech.settings import SpeechSettings
from tests.adapters.openai_realtime.calling import PERSONA, Call, calling
from tests.adapters.openai_realtime.scripted_server import PATIENCE_S, Event
from tests.sandbox.speech.realtime_wire import (
    WORD_MS,
    ScriptedBrain,
    ScriptedEars,
    Service,
    base64,
    running,
    tone,
)

UTTERANCE = silence(300) + tone(800) + silence(900)
MESSAGE = UseTool("take_message", {"text": "call me"})


def base_url(service: Service) -> str:
    return f"{service.http_url}/v1"


def frames(audio: bytes) -> list[str]:
    return [base64(audio[begin : begin + FRAME_BYTES]) for begin in range(0, len(audio), FRAME_BYTES)]


async def session_of(service: Service) -> Event:
    """The newest session as the service lists it."""
    newest: Event = (await service.get("/sandbox/sessions"))["sessions"][0]
    return newest


def heard_ms(call: Call, item_id: str) -> float:
    return sum(audio.ms for audio in call.all(AssistantAudio) if audio.item_id == item_id)


class TestConfiguration:
    async def test_is_taken_as_a_whole(self) -> None:
        async with running() as service:
            with calling(base_url(service)) as (_, call):
                ready = await call.next(EngineReady)
                listed = await session_of(service)

        taken = listed["session"]
        assert ready.traits == EngineTraits(drives_turns=False, edits_memory=True)
        assert ready.lasts_s == pytest.approx(3600, abs=10)
        assert taken["instructions"] == PERSONA.instructions
        assert taken["audio"]["input"]["format"] == taken["audio"]["output"]["format"] == {"type": "audio/pcmu"}
        assert taken["audio"]["input"]["turn_detection"]["create_response"] is False
        assert taken["reasoning"] == {"effort": "low"}
        assert [tool["name"] for tool in taken["tools"]] == ["take_message"]

    async def test_that_is_refused_once_is_not_the_end(self) -> None:
        async with running() as service:
            await service.fault("reject_update")
            with calling(base_url(service)) as (_, call):
                await call.next(EngineReady)
                listed = await session_of(service)

        assert listed["session"]["instructions"] == PERSONA.instructions
        assert listed["session"]["audio"]["input"]["transcription"]["model"] == "gpt-transcribe"

    async def test_with_a_bad_key_is_refused(self) -> None:
        async with running() as service:
            with calling(base_url(service), key="sk-bad") as (_, call):
                lost = await call.next(EngineLost)

        assert lost == EngineLost(EngineLoss.REFUSED, "invalid_api_key")
        assert call.events == [lost]


class TestConversation:
    async def test_caller_is_heard_and_answered(self) -> None:
        ears, brain = ScriptedEars(["This is Bob."]), ScriptedBrain([[Speak("Hello Bob how are you")]])
        async with running(ears=ears, brain=brain) as service:
            with calling(base_url(service)) as (session, call):
                await call.next(EngineReady)
                for frame in frames(UTTERANCE):
                    session.send_audio(frame)
                spoke, paused = await call.next(CallerSpoke), await call.next(CallerPaused)
                session.perform(RequestResponse())
                await call.next(ResponseEnded)

        (started,), (said,) = call.all(ResponseStarted), call.all(CallerSaid)
        (done,) = call.all(AssistantItemDone)
        words = "".join(piece.text for piece in call.all(AssistantText))
        assert spoke.item_id == paused.item_id == said.item_id
        assert 0 <= spoke.offset_ms < paused.offset_ms <= len(UTTERANCE) / 8
        assert said.text == "This is Bob."
        assert (words.strip(), done.text) == ("Hello Bob how are you", "Hello Bob how are you")
        assert {audio.response_id for audio in call.all(AssistantAudio)} == {started.response_id}
        assert heard_ms(call, done.item_id) == 5 * WORD_MS
        assert ears.heard[0] in UTTERANCE

    async def test_audio_of_a_command_is_heard_as_well(self) -> None:
        async with running(ears=ScriptedEars(["Hello."])) as service:
            with calling(base_url(service)) as (session, call):
                for frame in frames(UTTERANCE):
                    session.perform(SendToEngine(frame))
                assert (await call.next(CallerSaid)).text == "Hello."

    async def test_instructions_and_tools_of_one_response(self) -> None:
        brain = ScriptedBrain()
        async with running(brain=brain) as service:
            with calling(base_url(service)) as (session, call):
                session.perform(TellEngine("The caller is Bob."))
                session.perform(TellEngine("Hi there.", Speaker.ASSISTANT))
                session.perform(TellEngine("[caller pressed 1]", Speaker.CALLER))
                session.perform(RequestResponse("Say goodbye.", may_use_tools=False))
                await call.next(ResponseEnded)
                session.perform(RequestResponse())
                await call.next(ResponseEnded)

        first, second = brain.situations
        assert first.items == (
            Said("system", "The caller is Bob."),
            Said("assistant", "Hi there."),
            Said("user", "[caller pressed 1]"),
        )
        assert (first.order, first.may_use_tools) == ("Say goodbye.", False)
        assert (second.order, second.may_use_tools) == ("", True)

    async def test_seed_is_known_and_answered_at_once(self) -> None:
        brain = ScriptedBrain()
        seed = Seed(
            "It is Monday.",
            ((Speaker.ASSISTANT, "Hello."), (Speaker.CALLER, "Bob here.")),
            (ToolRecord("call_9", "take_message", "{}", '{"ok":true}'),),
            answer_now=True,
        )
        async with running(brain=brain) as service:
            with calling(base_url(service), seed=seed) as (_, call):
                await call.next(ResponseEnded)

        assert brain.situations[0].items == (
            Said("system", "It is Monday."),
            ToolAsked("call_9", "take_message", "{}"),
            ToolAnswered("call_9", '{"ok":true}'),
            Said("assistant", "Hello."),
            Said("user", "Bob here."),
        )

    async def test_every_response_is_priced(self) -> None:
        async with running(ears=ScriptedEars(["Hello."])) as service:
            with calling(base_url(service)) as (session, call):
                for frame in frames(UTTERANCE):
                    session.perform(SendToEngine(frame))
                written_down = await call.next(CostIncurred)
                session.perform(RequestResponse())
                answered = await call.next(CostIncurred)

        price = price_of("gpt-realtime-2.1")
        assert written_down.input_tokens == 0
        assert 0 < written_down.micro_usd < 500
        assert answered.output_tokens > 0
        assert answered.input_tokens > answered.cached_tokens
        least = answered.output_tokens * price.text_out + answered.input_tokens * price.text_cached
        most = answered.output_tokens * price.audio_out + answered.input_tokens * price.audio_in
        assert least <= answered.micro_usd <= most


class TestTools:
    async def test_several_are_asked_for_and_answered_before_the_next_response(self) -> None:
        brain = ScriptedBrain([[Speak("Let me note that down"), MESSAGE, MESSAGE]])
        async with running(brain=brain) as service:
            with calling(base_url(service)) as (session, call):
                session.perform(RequestResponse())
                asked = [await call.next(ToolRequested), await call.next(ToolRequested)]
                await call.next(ResponseEnded)
                session.perform(AnswerTool(asked[0].tool_call_id, '{"ok":1}'))
                session.perform(RequestResponse())
                session.perform(AnswerTool(asked[1].tool_call_id, '{"ok":2}'))
                await call.next(ResponseEnded)

        outputs = [item for item in brain.situations[1].items if isinstance(item, ToolAnswered)]
        assert {tool.name for tool in asked} == {"take_message"}
        assert [tool.arguments for tool in asked] == ['{"text": "call me"}'] * 2
        assert [item.output for item in outputs] == ['{"ok":1}', '{"ok":2}']
        assert len(brain.situations) == 2

    async def test_one_that_was_cut_off_is_not_asked_for(self) -> None:
        brain = ScriptedBrain([[Speak("Let me note that down for you now"), MESSAGE]])
        async with running(brain=brain) as service:
            with calling(base_url(service)) as (session, call):
                await service.fault("incomplete_response", after_deltas=1)
                session.perform(RequestResponse())
                ended = await call.next(ResponseEnded)

        assert ended.status is ResponseStatus.INCOMPLETE
        assert not call.all(ToolRequested)


class TestMemory:
    async def test_truncated_and_deleted_items_are_forgotten(self) -> None:
        brain = ScriptedBrain([[Speak("one two three four"), Speak("five six")]])
        async with running(brain=brain) as service:
            with calling(base_url(service)) as (session, call):
                session.perform(RequestResponse())
                await call.next(ResponseEnded)
                first, second = (done.item_id for done in call.all(AssistantItemDone))
                session.perform(TruncateAssistantTurn(first, 2 * WORD_MS))
                session.perform(ForgetItem(second))
                session.perform(TruncateAssistantTurn(first, 99_000))
                session.perform(ForgetItem("item_never_heard_of"))
                session.perform(RequestResponse())
                await call.next(ResponseEnded)

        (remembered,) = brain.situations[1].items
        assert isinstance(remembered, Said)
        assert remembered.text == "one two"
        assert not call.all(EngineLost)

    async def test_a_cancelled_response_stops_and_the_next_one_starts(self) -> None:
        brain = ScriptedBrain([[Speak("word " * 60)], [Speak("done")]])
        async with running(SpeechSettings(pacing=3, log_level="WARNING"), brain=brain) as service:
            with calling(base_url(service)) as (session, call):
                session.perform(RequestResponse())
                first = await call.next(AssistantAudio)
                session.perform(CancelResponse(first.response_id))
                session.perform(RequestResponse())
                cancelled, completed = await call.next(ResponseEnded), await call.next(ResponseEnded)
                session.perform(CancelResponse(completed.response_id))
                listed = await session_of(service)

        assert (cancelled.response_id, cancelled.status) == (first.response_id, ResponseStatus.CANCELLED)
        assert completed.status is ResponseStatus.COMPLETED
        assert heard_ms(call, first.item_id) < 60 * WORD_MS
        assert listed["sent"].get("error", 0) == 0


class TestEnd:
    @pytest.mark.parametrize(
        ("fault", "loss"),
        [
            ({"kind": "drop_socket"}, EngineLost(EngineLoss.BROKEN, "close_1006")),
            ({"kind": "drop_socket", "code": 1011}, EngineLost(EngineLoss.BROKEN, "close_1011")),
            ({"kind": "expire_session"}, EngineLost(EngineLoss.EXPIRED, "session_expired")),
            ({"kind": "send_error"}, EngineLost(EngineLoss.REFUSED, "credit_balance_exhausted")),
        ],
    )
    async def test_by_the_service(self, fault: Event, loss: EngineLost) -> None:
        async with running() as service:
            with calling(base_url(service)) as (_, call):
                await call.next(EngineReady)
                await service.fault(**fault)
                lost = await call.next(EngineLost)

        assert lost == loss
        assert call.all(EngineLost) == [loss]

    async def test_by_the_call(self) -> None:
        async with running() as service:
            with calling(base_url(service)) as (session, call):
                await call.next(EngineReady)
                session.close()
                await asyncio.wait_for(_closed(service), PATIENCE_S)

        assert not call.all(EngineLost)

    async def test_disturbances_are_no_end(self) -> None:
        async with running() as service:
            for fault in ("unknown_events", "duplicate_events", "stray_rate_limits"):
                await service.fault(fault)
            with calling(base_url(service)) as (session, call):
                session.perform(RequestResponse())
                await call.next(ResponseEnded)
                session.perform(RequestResponse())
                await call.next(AssistantItemDone)

        assert not call.all(EngineLost)


async def _closed(service: Service) -> None:
    while True:
        if (await session_of(service))["status"] == "closed":
            return
        await asyncio.sleep(0.01)
