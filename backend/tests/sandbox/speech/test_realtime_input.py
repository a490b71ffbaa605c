"""Audio of the caller: the buffer, its formats, and turn detection (checklist points 5 and 6)."""

import asyncio
from array import array
from itertools import pairwise

import pytest

from audiokit import mulaw
from audiokit.resample import resample
from sandbox.speech.parts import Action, Speak
from sandbox.speech.realtime import alaw
from sandbox.speech.settings import SpeechSettings
from tests.sandbox.speech.realtime_schema import HAS_SCHEMA, faults_of
from tests.sandbox.speech.realtime_wire import (
    Client,
    Event,
    ScriptedBrain,
    ScriptedEars,
    base64,
    running,
    tone,
    types,
)

QUIET = mulaw.silence(1000)
SERVER_VAD = {"type": "server_vad", "silence_duration_ms": 500, "prefix_padding_ms": 300}

TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
]


def vad(**changes: object) -> Event:
    return SERVER_VAD | changes


class TestBuffer:
    async def test_append_is_not_acknowledged_and_commit_makes_an_item(self) -> None:
        ears = ScriptedEars()
        async with running(ears=ears) as service, service.session() as client:
            await client.telephone()
            await client.append(tone(300))
            assert await client.settle() == []
            await client.send("input_audio_buffer.commit")
            events = await client.settle()

        assert types(events) == TURN[2:]
        committed, added, done = events
        assert committed["previous_item_id"] is None
        assert committed["item_id"] == added["item"]["id"] == done["item"]["id"]
        assert added["item"] == {
            "id": committed["item_id"],
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        assert ears.heard == [tone(300)]

    @pytest.mark.parametrize(("ms", "said"), [(0, "0.00ms"), (99, "99.00ms")])
    async def test_too_little_audio_is_not_committed(self, ms: int, said: str) -> None:
        async with running() as service, service.session() as client:
            await client.telephone()
            await client.append(tone(ms))
            await client.send("input_audio_buffer.commit", event_id="evt_1")
            error = (await client.next("error"))["error"]

        assert error["code"] == "input_audio_buffer_commit_empty"
        assert error["event_id"] == "evt_1"
        assert said in error["message"]

    async def test_clear_forgets_what_was_appended(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone()
            await client.append(tone(300))
            await client.send("input_audio_buffer.clear")
            await client.next("input_audio_buffer.cleared")
            await client.send("input_audio_buffer.commit")
            error = (await client.next("error"))["error"]

        assert error["code"] == "input_audio_buffer_commit_empty"

    @pytest.mark.parametrize("audio", ["a", "====", "f39/*", "f39/\n"])
    async def test_what_is_not_base64_is_refused(self, audio: str) -> None:
        async with running() as service, service.session() as client:
            await client.send("input_audio_buffer.append", event_id="evt_1", audio=audio)
            error = (await client.next("error"))["error"]

        assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", "audio", "evt_1")

    async def test_fifteen_mebibytes_in_one_event_are_taken(self) -> None:
        ears = ScriptedEars()
        async with running(ears=ears) as service, service.session() as client:
            await client.telephone()
            await client.send("input_audio_buffer.append", audio=base64(mulaw.SILENCE * (15 * 1024 * 1024)))
            await client.send("input_audio_buffer.commit")
            await client.next("conversation.item.done")
            await client.send("input_audio_buffer.append", audio=base64(mulaw.SILENCE * (15 * 1024 * 1024 + 4096)))
            error = (await client.next("error"))["error"]

        assert [len(audio) for audio in ears.heard] == [15 * 1024 * 1024]
        assert (error["code"], error["param"]) == ("invalid_value", "audio")

    async def test_a_commit_in_mid_speech_ends_the_turn(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone(vad(create_response=False))
            await client.append(QUIET + tone(600))
            started = await client.next("input_audio_buffer.speech_started")
            await client.send("input_audio_buffer.commit")
            committed = await client.next("input_audio_buffer.committed")
            await client.append(QUIET)
            later = await client.settle()

        assert committed["item_id"] == started["item_id"]
        assert types(later) == ["conversation.item.added", "conversation.item.done"]


class TestFormats:
    async def test_a_law_is_heard_as_mu_law(self) -> None:
        ears = ScriptedEars()
        said = tone(400)
        async with running(ears=ears) as service, service.session() as client:
            await client.telephone(format={"type": "audio/pcma"})
            await client.append(alaw.from_mulaw(said))
            await client.send("input_audio_buffer.commit")
            await client.next("conversation.item.done")

        (heard,) = ears.heard
        differences = [abs(a - b) for a, b in zip(mulaw.decode(heard), mulaw.decode(said), strict=True)]
        assert max(differences) <= 512

    async def test_linear_audio_is_resampled(self) -> None:
        ears = ScriptedEars()
        said = resample(mulaw.decode(tone(400)), 8000, 24000).tobytes()
        pieces = [said[begin : begin + 961] for begin in range(0, len(said), 961)]  # halves of samples among them
        async with running(ears=ears) as service, service.session() as client:
            await client.update(audio={"input": {"turn_detection": None}})
            for piece in pieces:
                await client.send("input_audio_buffer.append", audio=base64(piece))
            await client.send("input_audio_buffer.commit")
            await client.next("conversation.item.done")

        (heard,) = ears.heard
        assert 390 <= len(heard) / 8 <= 400
        assert _crossings(heard) == pytest.approx(_crossings(tone(len(heard) // 8)), abs=2)


def _crossings(audio: bytes) -> int:
    """How often the wave crosses zero: twice its frequency in Hz, times its duration."""
    samples: array[int] = mulaw.decode(audio)
    return sum(1 for before, after in pairwise(samples) if (before < 0) != (after < 0))


class TestServerVad:
    async def test_a_turn_is_found_and_answered(self) -> None:
        ears = ScriptedEars(["what time is it"])
        brain = ScriptedBrain()
        async with running(ears=ears, brain=brain) as service, service.session() as client:
            await client.telephone(vad())
            await client.append(QUIET + tone(800) + QUIET)
            events = await client.until("response.done")

        assert types(events)[:6] == [*TURN, "response.created"]
        assert [item.text for item in brain.situations[0].items if hasattr(item, "text")] == ["what time is it"]

    async def test_offsets_count_all_audio_of_the_session(self) -> None:
        ears = ScriptedEars()
        async with running(ears=ears) as service, service.session() as client:
            await client.telephone(vad(create_response=False))
            await client.append(QUIET + tone(800) + QUIET + QUIET + tone(600) + QUIET)
            events = await client.settle()

        starts = [event["audio_start_ms"] for event in events if "audio_start_ms" in event]
        ends = [event["audio_end_ms"] for event in events if "audio_end_ms" in event]
        assert starts == [1000 - 300, 3800 - 300]
        assert ends == [1800 + 500, 4400 + 500]
        assert [len(audio) / 8 for audio in ears.heard] == [1600, 1400]

    async def test_padding_does_not_reach_before_the_beginning(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone(vad(create_response=False))
            await client.append(mulaw.silence(100) + tone(400) + QUIET)
            started = await client.next("input_audio_buffer.speech_started")

        assert started["audio_start_ms"] == 0

    async def test_a_turn_keeps_its_item_from_its_first_event_on(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone(vad(create_response=False))
            await client.append(QUIET + tone(400) + QUIET)
            events = await client.settle()

        ids = {event.get("item_id") or event["item"]["id"] for event in events}
        assert types(events) == TURN
        assert len(ids) == 1

    async def test_silence_shorter_than_asked_for_does_not_end_a_turn(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone(vad(silence_duration_ms=700, create_response=False))
            await client.append(QUIET + tone(300) + mulaw.silence(600) + tone(300) + QUIET)
            events = await client.settle()

        assert types(events) == TURN

    async def test_a_higher_threshold_needs_louder_speech(self) -> None:
        quiet_speech = tone(600, amplitude=500)
        async with running() as service, service.session() as client:
            await client.telephone(vad(threshold=0.9, create_response=False))
            await client.append(QUIET + quiet_speech + QUIET)
            unheard = await client.settle()
            await client.telephone(vad(threshold=0.5, create_response=False))
            await client.append(QUIET + quiet_speech + QUIET)
            heard = await client.settle()

        assert unheard == []
        assert types(heard) == TURN

    async def test_nothing_happens_without_turn_detection(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone(None)
            await client.append(QUIET + tone(800) + QUIET)
            assert await client.settle() == []


class TestSemanticVad:
    async def test_a_turn_ends_after_half_a_second(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone({"type": "semantic_vad"})
            await client.append(QUIET + tone(800) + QUIET)
            events = await client.until("response.created")

        assert types(events) == [*TURN, "response.created"]
        assert events[0]["audio_start_ms"] == 700
        assert events[1]["audio_end_ms"] == 2300


LONG: list[Action] = [Speak("one two three four five six seven eight nine ten " * 4)]


async def interrupted(client: Client, turn_detection: Event) -> list[Event]:
    """What happens when somebody speaks into a long answer."""
    await client.telephone(turn_detection)
    await client.send("response.create")
    await client.next("response.output_audio.delta")
    await client.append(QUIET + tone(500) + QUIET)
    return await client.until("conversation.item.input_audio_transcription.completed")


class TestInterruption:
    """The matrix of interrupt_response and create_response; the old answer lasts ten seconds, paced at twice that."""

    SETTINGS = SpeechSettings(pacing=2, log_level="WARNING", seed=1)

    async def _events(self, **matrix: bool) -> tuple[list[str], list[Event]]:
        brain = ScriptedBrain([LONG])
        async with running(self.SETTINGS, brain=brain) as service, service.session() as client:
            await client.update(audio={"input": {"transcription": {"model": "gpt-transcribe"}}})
            events = await interrupted(client, vad(**matrix))
        noise = ("delta", "rate_limits.updated")
        return [name for name in types(events) if not name.endswith(noise)], events

    async def test_both(self) -> None:
        names, events = await self._events(interrupt_response=True, create_response=True)

        ended = [
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
        assert names[: 1 + len(ended)] == [TURN[0], *ended]
        assert names[1 + len(ended) :][:5] == [*TURN[1:], "response.created"]
        done = next(event for event in events if event["type"] == "response.done")
        assert done["response"]["status"] == "cancelled"
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        assert done["response"]["output"][0]["status"] == "incomplete"

    async def test_interruption_alone(self) -> None:
        names, _ = await self._events(interrupt_response=True, create_response=False)

        assert names.count("response.done") == 1
        assert "response.created" not in names

    async def test_neither(self) -> None:
        names, _ = await self._events(interrupt_response=False, create_response=False)

        assert names == [*TURN, "conversation.item.input_audio_transcription.completed"]

    async def test_creation_alone_fails_while_the_answer_goes_on(self) -> None:
        names, events = await self._events(interrupt_response=False, create_response=True)

        (error,) = (event["error"] for event in events if event["type"] == "error")
        assert names[:6] == [*TURN, "error"]
        assert error["code"] == "conversation_already_has_active_response"
        assert error["event_id"] is None

    async def test_nothing_is_cancelled_once_generation_is_over(self) -> None:
        async with running(brain=ScriptedBrain([LONG])) as service, service.session() as client:
            await client.telephone(vad(create_response=False))
            await client.respond()
            await client.append(QUIET + tone(500))
            events = await client.settle()

        assert types(events) == [TURN[0]]


class TestIdleTimeout:
    """Five seconds are the shortest the protocol allows; the answer before it sounds for a quarter of a second."""

    async def test_silence_after_an_answer_becomes_a_turn_of_the_assistant(self) -> None:
        brain = ScriptedBrain([[Speak("Hello?")], [Speak("Still there?")]])
        async with running(brain=brain) as service, service.session() as client:
            await client.telephone(vad(idle_timeout_ms=5000))
            await client.append(QUIET)
            await client.respond()
            await client.append(QUIET)
            events = await client.until("response.done")

        names = types(events)
        assert names[:5] == ["input_audio_buffer.timeout_triggered", *TURN[2:], "response.created"]
        timeout, committed = events[0], events[1]
        assert timeout["item_id"] == committed["item_id"]
        assert 1000 <= timeout["audio_start_ms"] <= timeout["audio_end_ms"] == 2000
        assert len(brain.situations) == 2
        assert not HAS_SCHEMA or faults_of(timeout) == []

    async def test_speech_stops_the_clock(self) -> None:
        async with running() as service, service.session() as client:
            await client.telephone(vad(idle_timeout_ms=5000, create_response=False))
            await client.respond()
            await client.append(QUIET + tone(500) + QUIET)
            await client.next("conversation.item.done")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5.6):
                    await client.receive()
