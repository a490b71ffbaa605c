"""Phrases rendered by the engine: exactly the words that were wanted, or a clear refusal."""

import asyncio
from base64 import b64decode

import pytest

from app.adapters.openai_realtime.voice_engine import NotRendered
from app.core.errors import Unavailable
from audiokit import mulaw
from sandbox.speech.parts import Action, Situation, Speak
from tests.adapters.openai_realtime.calling import PERSONA, engine_at
from tests.adapters.openai_realtime.scripted_server import Event, Peer, scripted_server
from tests.sandbox.speech.realtime_wire import WORD_MS, ScriptedBrain, ToneVoice, running

GREETING = "Miller Dental, this is Ava. How can I help you?"


def obeys(situation: Situation) -> list[Action]:
    return [Speak(situation.order.partition(": ")[2])]


def says(text: str) -> Event:
    content = [{"type": "output_audio", "transcript": text}]
    return {"id": "item_1", "type": "message", "status": "completed", "role": "assistant", "content": content}


async def speak(peer: Peer, text: str, delta: str) -> Event:
    """Answer a request out of band as the vendor does; the request."""
    await peer.accept()
    asked = await peer.hear("response.create")
    told = {"response_id": "resp_1", "item_id": "item_1"}
    await peer.say("response.created", response={"id": "resp_1", "metadata": asked["response"]["metadata"]})
    await peer.say("response.output_audio.delta", **told, delta=delta)
    await peer.say("response.output_audio.done", **told)
    await peer.say("response.output_audio_transcript.done", **told, transcript=text)
    await peer.say("response.output_item.done", response_id="resp_1", item=says(text))
    await peer.finish()
    return asked


class TestBySpeechService:
    async def test_is_what_the_voice_says(self) -> None:
        brain = ScriptedBrain([obeys])
        async with running(brain=brain) as service:
            audio = await engine_at(f"{service.http_url}/v1").render(PERSONA, GREETING)

        (situation,) = brain.situations
        assert audio == (await ToneVoice().render(GREETING)).audio
        assert situation.order.endswith(GREETING)
        assert (situation.items, situation.tools, situation.may_use_tools) == ((), (), False)

    async def test_is_asked_for_again_when_other_words_come(self) -> None:
        brain = ScriptedBrain([[Speak("Sure! " + GREETING)], [Speak("")], obeys])
        async with running(brain=brain) as service:
            audio = await engine_at(f"{service.http_url}/v1").render(PERSONA, GREETING)

        assert len(brain.situations) == 3
        assert len(audio) == len(GREETING.split()) * WORD_MS * mulaw.BYTES_PER_MS

    async def test_is_refused_when_other_words_keep_coming(self) -> None:
        async with running(brain=ScriptedBrain([[Speak("Certainly.")]] * 9)) as service:
            with pytest.raises(NotRendered) as refused:
                await engine_at(f"{service.http_url}/v1").render(PERSONA, GREETING)

        assert isinstance(refused.value, Unavailable)

    async def test_survives_a_failed_response(self) -> None:
        async with running(brain=ScriptedBrain([obeys, obeys])) as service:
            await service.fault("fail_response", after_deltas=1)
            audio = await engine_at(f"{service.http_url}/v1").render(PERSONA, GREETING)

        assert audio == (await ToneVoice().render(GREETING)).audio

    async def test_is_refused_by_a_bad_key(self) -> None:
        async with running() as service:
            with pytest.raises(NotRendered, match="invalid_api_key"):
                await engine_at(f"{service.http_url}/v1", key="sk-bad").render(PERSONA, GREETING)

    async def test_is_refused_when_the_connection_breaks(self) -> None:
        async with running(brain=ScriptedBrain([obeys])) as service:
            await service.fault("drop_socket", on_response=True, after_deltas=1)
            with pytest.raises(NotRendered, match="close_1006"):
                await engine_at(f"{service.http_url}/v1").render(PERSONA, GREETING)

    async def test_is_the_same_from_linear_audio(self) -> None:
        async with running(brain=ScriptedBrain([obeys])) as service:
            await service.fault("reject_update", code="invalid_value", param="session.audio.input.format")
            audio = await engine_at(f"{service.http_url}/v1").render(PERSONA, GREETING)

        assert len(audio) == len(GREETING.split()) * WORD_MS * mulaw.BYTES_PER_MS
        assert max(mulaw.decode(audio[: WORD_MS * 4])) > 6000


class TestByAnyServer:
    async def test_takes_case_and_punctuation_lightly(self) -> None:
        async with scripted_server() as server:
            rendering = asyncio.ensure_future(engine_at(server.base_url).render(PERSONA, "Hello, it is Ava."))
            asked = await speak(await server.peer(), "hello... IT is AVA", "f39/")

        assert await rendering == b64decode("f39/")
        assert asked["response"]["conversation"] == "none"

    @pytest.mark.parametrize("delta", ["no base64", "äöü", "f39"])
    async def test_rubbish_is_no_audio(self, delta: str) -> None:
        async with scripted_server() as server:
            rendering = asyncio.ensure_future(engine_at(server.base_url).render(PERSONA, "Hello."))
            for _ in range(3):
                await speak(await server.peer(), "Hello.", delta)
            with pytest.raises(NotRendered):
                await rendering

    async def test_a_refused_request_is_no_rendering(self) -> None:
        async with scripted_server() as server:
            rendering = asyncio.ensure_future(engine_at(server.base_url).render(PERSONA, "Hello."))
            for _ in range(3):
                peer = await server.peer()
                await peer.accept()
                asked = await peer.hear("response.create")
                await peer.fail("invalid_value", event_id=asked["event_id"])
            with pytest.raises(NotRendered):
                await rendering

    async def test_a_failure_for_good_is_told_at_once(self) -> None:
        async with scripted_server() as server:
            rendering = asyncio.ensure_future(engine_at(server.base_url).render(PERSONA, "Hello."))
            peer = await server.peer()
            await peer.accept()
            asked = await peer.hear("response.create")
            await peer.say("response.created", response={"id": "r", "metadata": asked["response"]["metadata"]})
            error = {"type": "insufficient_quota", "code": "credit_balance_exhausted"}
            await peer.finish("r", "failed", status_details={"type": "failed", "error": error})
            with pytest.raises(NotRendered, match="credit_balance_exhausted"):
                await rendering
