"""Responses: their events and order, one at a time, cancelled, limited, counted (points 7 to 9 and 11)."""

import json
from base64 import b64decode

import pytest

from sandbox.speech.parts import Said, Situation, Speak, UseTool
from sandbox.speech.realtime import alaw
from sandbox.speech.realtime.rate_limits import RateLimits
from sandbox.speech.settings import SpeechSettings
from tests.sandbox.speech.realtime_wire import (
    PCMU,
    WORD_MS,
    Client,
    Event,
    ScriptedBrain,
    ToneVoice,
    audio_of,
    running,
    tone,
    types,
)

SPEECH = Speak("Sure, one moment please.")
TOOL: Event = {"type": "function", "name": "take_message", "parameters": {"type": "object"}}
LONG = Speak("word " * 40)

SPOKEN_ITEM = [
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
]
CALLED_ITEM = [
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "conversation.item.done",
]


def without_deltas(events: list[Event]) -> list[str]:
    return [name for name in types(events) if not name.endswith((".delta", "rate_limits.updated"))]


def only(events: list[Event], name: str) -> Event:
    (event,) = (event for event in events if event["type"] == name)
    return event


async def started(client: Client, **parameters: object) -> Event:
    await client.send("response.create", response=parameters)
    response: Event = (await client.next("response.created"))["response"]
    return response


class TestSpoken:
    async def test_its_events_come_in_order(self) -> None:
        async with running(brain=ScriptedBrain([[SPEECH]])) as service, service.session() as client:
            await client.telephone()
            events = await client.respond()

        assert without_deltas(events) == ["response.created", *SPOKEN_ITEM, "response.done"]
        assert types(events)[1] == "rate_limits.updated"
        created, done = events[0]["response"], events[-1]["response"]
        item = only(events, "response.output_item.done")["item"]
        assert (created["status"], created["output"], created["usage"]) == ("in_progress", [], None)
        assert (done["id"], done["status"], done["status_details"]) == (created["id"], "completed", None)
        assert done["audio"] == {"output": {"format": PCMU, "voice": "marin"}}
        assert done["output"] == [item]
        assert item["content"] == [{"type": "output_audio", "transcript": SPEECH.text}]
        assert (
            only(events, "response.output_item.added")["item"] | {"status": "in_progress", "content": []}
            == (only(events, "response.output_item.added")["item"])
        )
        assert only(events, "response.content_part.added")["part"] == {"type": "audio", "transcript": ""}
        assert only(events, "response.content_part.done")["part"] == {"type": "audio", "transcript": SPEECH.text}

    async def test_its_audio_and_its_transcript_are_whole(self) -> None:
        async with running(brain=ScriptedBrain([[SPEECH]])) as service, service.session() as client:
            await client.telephone()
            events = await client.respond()

        words = [event["delta"] for event in events if event["type"] == "response.output_audio_transcript.delta"]
        assert "".join(words) == SPEECH.text
        assert audio_of(events) == (await ToneVoice().render(SPEECH.text)).audio

    async def test_deltas_vary_in_size_and_the_transcript_runs_ahead(self) -> None:
        async with running(brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await client.telephone()
            events = await client.respond()

        sizes_ms = [len(b64decode(event["delta"])) / 8 for event in events if event["type"].endswith("audio.delta")]
        assert all(50 <= size <= 400 for size in sizes_ms[:-1])
        assert len(set(sizes_ms)) > 5
        sounding_ms = told = 0.0
        for event in events:
            if event["type"] == "response.output_audio_transcript.delta":
                told += WORD_MS
            if event["type"] == "response.output_audio.delta":
                sounding_ms += len(b64decode(event["delta"])) / 8
                assert told >= min(sounding_ms, 40 * WORD_MS)

    async def test_audio_is_paced_at_a_multiple_of_real_time(self) -> None:
        settings = SpeechSettings(pacing=10, log_level="WARNING", seed=1)
        async with running(settings, brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await client.telephone()
            clock = client.socket.loop
            await client.send("response.create")
            await client.next("response.output_audio.delta")
            began = clock.time()
            await client.next("response.done")
            took_s = clock.time() - began

        assert took_s > 40 * WORD_MS / 1000 / 10 - 0.4 / 10 - 0.05

    async def test_other_formats_carry_the_same_sound(self) -> None:
        brain = ScriptedBrain([[SPEECH], [SPEECH]])
        rendering = await ToneVoice().render(SPEECH.text)
        async with running(brain=brain) as service, service.session() as client:
            a_law = await client.respond(audio={"output": {"format": {"type": "audio/pcma"}}})
            linear = await client.respond()

        assert audio_of(a_law) == alaw.from_mulaw(rendering.audio)
        assert len(audio_of(linear)) == len(rendering.audio) * 3 * 2

    async def test_several_items_make_one_response(self) -> None:
        brain = ScriptedBrain([[Speak("Let me note that."), UseTool("take_message", {"text": "hi"}), Speak("Done.")]])
        async with running(brain=brain) as service, service.session() as client:
            await client.telephone()
            events = await client.respond()

        expected = ["response.created", *SPOKEN_ITEM, *CALLED_ITEM, *SPOKEN_ITEM, "response.done"]
        assert without_deltas(events) == expected
        output = events[-1]["response"]["output"]
        assert [item["type"] for item in output] == ["message", "function_call", "message"]
        added = [event for event in events if event["type"] == "response.output_item.added"]
        assert [event["output_index"] for event in added] == [0, 1, 2]
        places = [event["previous_item_id"] for event in events if event["type"] == "conversation.item.added"]
        assert places == [None, output[0]["id"], output[1]["id"]]


class TestCalled:
    async def test_arguments_come_as_deltas(self) -> None:
        wished: Event = {"text": "Please call me back on Tuesday", "urgency": "normal"}
        brain = ScriptedBrain([[UseTool("take_message", wished)]])
        async with running(brain=brain) as service, service.session() as client:
            events = await client.respond(tools=[TOOL])

        deltas = [event for event in events if event["type"] == "response.function_call_arguments.delta"]
        done = only(events, "response.function_call_arguments.done")
        item = only(events, "response.output_item.done")["item"]
        assert len(deltas) > 2
        assert "".join(event["delta"] for event in deltas) == done["arguments"] == item["arguments"]
        assert json.loads(item["arguments"]) == wished
        assert (done["name"], item["name"], item["status"]) == ("take_message", "take_message", "completed")
        assert {event["call_id"] for event in deltas} == {item["call_id"]}
        assert events[-1]["response"]["output"] == [item]

    async def test_tools_may_be_called_in_parallel(self) -> None:
        brain = ScriptedBrain([[UseTool("a", {}), UseTool("b", {})]])
        async with running(brain=brain) as service, service.session() as client:
            events = await client.respond()

        output = events[-1]["response"]["output"]
        assert [item["name"] for item in output] == ["a", "b"]
        assert output[0]["call_id"] != output[1]["call_id"]


class TestWritten:
    async def test_text_comes_as_deltas(self) -> None:
        brain = ScriptedBrain([[Speak('{"cat": "sales"}')]])
        async with running(brain=brain) as service, service.session() as client:
            events = await client.respond(output_modalities=["text"])

        deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
        assert "".join(deltas) == only(events, "response.output_text.done")["text"] == '{"cat": "sales"}'
        assert only(events, "response.content_part.added")["part"] == {"type": "text", "text": ""}
        assert events[-1]["response"]["output"][0]["content"] == [{"type": "output_text", "text": '{"cat": "sales"}'}]
        assert events[-1]["response"]["output_modalities"] == ["text"]
        assert audio_of(events) == b""


class TestOrder:
    """What the brain is told to do."""

    async def _situation(self, session: Event, **parameters: object) -> Situation:
        brain = ScriptedBrain()
        async with running(brain=brain) as service, service.session() as client:
            await client.update(instructions="You are Ava.", tools=[TOOL], **session)
            text = [{"type": "input_text", "text": "Hello"}]
            item = {"id": "item_u", "type": "message", "role": "user", "content": text}
            await client.send("conversation.item.create", item=item)
            await client.respond(**parameters)
        return brain.situations[0]

    async def test_is_the_session_by_default(self) -> None:
        situation = await self._situation({})

        assert situation == Situation("You are Ava.", "", (TOOL,), (Said("user", "Hello"),))

    async def test_instructions_of_a_response_replace_those_of_the_session(self) -> None:
        situation = await self._situation({}, instructions="Greet the caller.", tool_choice="none")

        assert (situation.instructions, situation.order) == ("You are Ava.", "Greet the caller.")
        assert not situation.may_use_tools

    async def test_tools_may_be_replaced_or_chosen(self) -> None:
        other = {"type": "function", "name": "hang_up", "description": None, "parameters": None}
        replaced = await self._situation({}, tools=[other])
        chosen = await self._situation({"tool_choice": {"type": "function", "name": "none_such"}})

        assert replaced.tools == (other,)
        assert chosen.tools == ()

    async def test_input_takes_the_place_of_the_conversation(self) -> None:
        text = [{"type": "input_text", "text": "Classify: sales, spam"}]
        item = {"type": "message", "role": "user", "content": text}
        given = await self._situation({}, input=[{"type": "item_reference", "id": "item_u"}, item])
        empty = await self._situation({}, input=[])

        assert given.items == (Said("user", "Hello"), Said("user", "Classify: sales, spam"))
        assert empty.items == ()

    @pytest.mark.parametrize(
        ("parameters", "code", "param"),
        [
            ({"speed": 1}, "unknown_parameter", "response.speed"),
            ({"audio": {"input": {}}}, "unknown_parameter", "response.audio.input"),
            ({"conversation": "other"}, "invalid_value", "response.conversation"),
            ({"metadata": {"k": "v" * 513}}, "invalid_value", "response.metadata.k"),
            ({"metadata": {str(n): "" for n in range(17)}}, "invalid_value", "response.metadata"),
            ({"input": [{"type": "item_reference", "id": "item_none"}]}, "invalid_value", "response.input[0].id"),
        ],
    )
    async def test_what_cannot_be_ordered_is_refused(self, parameters: Event, code: str, param: str) -> None:
        async with running() as service, service.session() as client:
            await client.send("response.create", event_id="evt_1", response=parameters)
            error = (await client.next("error"))["error"]

        assert (error["code"], error["param"], error["event_id"]) == (code, param, "evt_1")


class TestOneAtATime:
    async def test_a_second_one_of_the_conversation_is_refused(self) -> None:
        async with running(brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            response = await started(client)
            await client.send("response.create", event_id="evt_2")
            error = (await client.next("error"))["error"]
            done = await client.next("response.done")

        assert error["code"] == "conversation_already_has_active_response"
        assert response["id"] in error["message"]
        assert error["event_id"] == "evt_2"
        assert done["response"]["status"] == "completed"

    async def test_others_go_on_beside_it(self) -> None:
        brain = ScriptedBrain([[LONG], [Speak("sales")], [Speak("urgent")]])
        async with running(brain=brain) as service, service.session() as client:
            spoken = await started(client)
            beside = {"conversation": "none", "output_modalities": ["text"], "tools": []}
            first = await started(client, **beside, metadata={"purpose": "spam"})
            second = await started(client, **beside, metadata={"purpose": "urgency"})
            while types(client.log).count("response.done") < 3:
                await client.receive()
            (listed, *_) = (await service.get("/sandbox/sessions"))["sessions"]

        ends = (event["response"] for event in client.log if event["type"] == "response.done")
        by_id = {response["id"]: response for response in ends}
        assert spoken["conversation_id"].startswith("conv_")
        assert (first["conversation_id"], second["conversation_id"]) == (None, None)
        assert by_id[first["id"]]["metadata"] == {"purpose": "spam"}
        assert by_id[second["id"]]["output"][0]["content"] == [{"type": "output_text", "text": "urgent"}]
        assert len(listed["conversation"]) == 1
        added = [event["item"]["id"] for event in client.log if event["type"] == "conversation.item.added"]
        assert added == [by_id[spoken["id"]]["output"][0]["id"]]

    async def test_those_beside_it_are_not_interrupted_by_the_caller(self) -> None:
        async with running(brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await client.telephone({"type": "server_vad", "create_response": False})
            await started(client, conversation="none")
            await client.next("response.output_audio.delta")
            await client.append(tone(400))
            await client.next("input_audio_buffer.speech_started")
            done = await client.next("response.done")

        assert done["response"]["status"] == "completed"


class TestCancel:
    async def test_there_must_be_something_to_cancel(self) -> None:
        async with running() as service, service.session() as client:
            await client.send("response.cancel", event_id="evt_1")
            error = (await client.next("error"))["error"]

        assert error["code"] == "response_cancel_not_active"
        assert error["message"] == "Cancellation failed: no active response found"
        assert error["event_id"] == "evt_1"

    async def test_ends_the_response_and_leaves_its_item_incomplete(self) -> None:
        settings = SpeechSettings(pacing=3, log_level="WARNING", seed=1)
        brain = ScriptedBrain([[LONG]])
        async with running(settings, brain=brain) as service, service.session() as client:
            await client.telephone()
            response = await started(client)
            first = await client.next("response.output_audio.delta")
            await client.send("response.cancel", response_id=response["id"])
            rest = await client.until("response.done")
            later = await client.settle()
            await client.respond()

        done = rest[-1]["response"]
        assert done["status"] == "cancelled"
        assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        (item,) = done["output"]
        assert item["status"] == "incomplete"
        assert without_deltas(rest) == [*SPOKEN_ITEM[3:], "response.done"]
        assert later == []
        assert done["usage"]["output_tokens"] > 0
        heard = (len(b64decode(first["delta"])) + len(audio_of(rest))) / 8
        said = brain.situations[1].items[0]
        assert isinstance(said, Said)
        assert len(said.text.split()) == sum(1 for n in range(40) if n * WORD_MS + WORD_MS * 4 // 5 <= heard)

    async def test_before_anything_was_generated(self) -> None:
        async with running(brain=ScriptedBrain([[SPEECH]], delay_s=5)) as service, service.session() as client:
            await started(client)
            await client.send("response.cancel")
            done = await client.next("response.done")

        assert done["response"]["status"] == "cancelled"
        assert done["response"]["output"] == []

    async def test_one_beside_the_conversation_by_its_id(self) -> None:
        async with running(brain=ScriptedBrain([[LONG], [LONG]])) as service, service.session() as client:
            spoken = await started(client)
            beside = await started(client, conversation="none")
            await client.send("response.cancel", response_id=beside["id"])
            ends = [await client.next("response.done") for _ in range(2)]

        statuses = {end["response"]["id"]: end["response"]["status"] for end in ends}
        assert statuses == {spoken["id"]: "completed", beside["id"]: "cancelled"}


class TestLimits:
    async def test_speech_ends_when_its_tokens_are_spent(self) -> None:
        async with running(brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await client.telephone()
            events = await client.respond(max_output_tokens=100)

        done = events[-1]["response"]
        assert done["status"] == "incomplete"
        assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
        assert done["output"][0]["status"] == "incomplete"
        assert 90 <= done["usage"]["output_tokens"] <= 105
        assert 0 < len(audio_of(events)) < 40 * WORD_MS * 8

    async def test_arguments_are_cut_off_too(self) -> None:
        brain = ScriptedBrain([[UseTool("take_message", {"text": "word " * 100})]])
        async with running(brain=brain) as service, service.session() as client:
            events = await client.respond(max_output_tokens=20)

        (call,) = events[-1]["response"]["output"]
        assert call["status"] == "incomplete"
        with pytest.raises(json.JSONDecodeError):
            json.loads(call["arguments"])


class TestFailure:
    @pytest.mark.parametrize("failing", ["brain", "voice"])
    async def test_of_a_part_fails_the_response_only(self, failing: str) -> None:
        class Hoarse:
            async def render(self, text: str, *, language: str = "en", voice: str = "marin") -> None:
                raise OSError("no voice")

        brain = ScriptedBrain([OSError("no brain") if failing == "brain" else [SPEECH]])
        voice = Hoarse() if failing == "voice" else ToneVoice()
        async with running(brain=brain, voice=voice) as service, service.session() as client:  # type: ignore[arg-type]
            failed = (await client.respond())[-1]["response"]
            text = (await client.respond(output_modalities=["text"]))[-1]["response"]

        assert failed["status"] == "failed"
        assert failed["status_details"]["error"]["code"] == "server_error"
        assert text["status"] == "completed"


class TestUsage:
    """1 token per 100 ms heard, per 50 ms spoken, per 4 characters; the common beginning is cached in steps of 64."""

    async def test_counts_text_and_audio_apart(self) -> None:
        async with running(brain=ScriptedBrain([[Speak("one two")]])) as service, service.session() as client:
            await client.telephone()
            await client.update(instructions="x" * 400)
            await client.append(tone(1250))
            await client.send("input_audio_buffer.commit")
            usage = (await client.respond())[-1]["response"]["usage"]

        assert usage == {
            "total_tokens": 125,
            "input_tokens": 113,
            "output_tokens": 12,
            "input_token_details": {
                "text_tokens": 100,
                "audio_tokens": 13,
                "image_tokens": 0,
                "cached_tokens": 0,
                "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": 2, "audio_tokens": 10},
        }

    async def test_what_was_asked_before_is_cached(self) -> None:
        async with running() as service, service.session() as client:
            await client.update(instructions="x" * 400)
            await client.respond()
            same = (await client.respond())[-1]["response"]["usage"]
            other = (await client.respond(instructions="y" * 400))[-1]["response"]["usage"]

        assert same["input_token_details"]["cached_tokens"] == 64
        assert same["input_token_details"]["cached_tokens_details"]["text_tokens"] == 64
        assert same["input_tokens"] > 100
        assert other["input_token_details"]["cached_tokens"] == 0

    async def test_rate_limits_are_told(self) -> None:
        async with running() as service, service.session() as client:
            told = only(await client.respond(), "rate_limits.updated")

        assert [limit["name"] for limit in told["rate_limits"]] == ["requests", "tokens"]
        assert set(told["rate_limits"][0]) == {"name", "limit", "remaining", "reset_seconds"}

    def test_rate_limits_go_down_and_recover_every_minute(self) -> None:
        limits = RateLimits()
        limits.spend(now=61.5, requests=1)
        limits.spend(now=62.0, tokens=130)
        spent = limits.wire()
        limits.spend(now=121.0, requests=1)
        recovered = limits.wire()

        assert [(limit["remaining"], limit["reset_seconds"]) for limit in spent] == [(999, 58.0), (49_870, 58.0)]
        assert [(limit["remaining"], limit["reset_seconds"]) for limit in recovered] == [(999, 59.0), (50_000, 59.0)]
