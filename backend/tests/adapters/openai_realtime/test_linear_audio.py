"""Servers that speak 16-bit linear audio instead of mu-law: agreed on by the protocol, resampled both ways."""

from array import array
from base64 import b64decode, b64encode
from math import log10, pi, sin

import pytest

from app.adapters.openai_realtime.codec import AudioDelta
from app.adapters.openai_realtime.linear_audio import AssistantToMulaw, CallerToLinear
from app.callflow.commands import RequestResponse
from app.callflow.events import AssistantAudio, AssistantItemDone, CallerSaid, EngineLost, EngineReady, ResponseEnded
from app.callflow.words import EngineLoss
from audiokit import mulaw
from audiokit.mulaw import FRAME_BYTES, silence
from audiokit.samples import Samples
from sandbox.speech.parts import Speak
from tests.adapters.openai_realtime.calling import calling
from tests.adapters.openai_realtime.scripted_server import PCMU, Event, Peer, scripted_server
from tests.sandbox.speech.realtime_wire import WORD_MS, ScriptedBrain, ScriptedEars, running, tone

LINEAR = {"type": "audio/pcm", "rate": 24000}
TONE_HZ = 440.0


def sine(ms: int, hz: int) -> Samples:
    step = 2 * pi * TONE_HZ / hz
    return array("h", (int(8000 * sin(step * number)) for number in range(ms * hz // 1000)))


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def signal_to_noise_db(got: Samples, wanted: Samples) -> float:
    """Without the first and the last 10 ms, where a filter begins and ends."""
    edge = len(wanted) // 20
    pairs = list(zip(got, wanted, strict=True))[edge:-edge]
    noise = sum((one - other) ** 2 for one, other in pairs)
    return 10 * log10(sum(other**2 for _, other in pairs) / max(noise, 1))


def formats(session: Event) -> tuple[Event, Event]:
    return session["audio"]["input"]["format"], session["audio"]["output"]["format"]


async def agree(peer: Peer, given: Event | None, taken: Event | None) -> tuple[Event, Event]:
    """Take a proposal but describe other formats of the caller's and the assistant's audio; what was proposed."""
    asked: Event = (await peer.hear("session.update"))["session"]
    sides = {"input": {"format": given} if given else {}, "output": {"format": taken} if taken else {}}
    await peer.say("session.updated", session={"audio": sides})
    return formats(asked)


class TestAgreement:
    async def test_by_refusing_mulaw(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                refused = await peer.hear("session.update")
                param = "session.audio.input.format.type"
                await peer.fail("invalid_value", param=param, event_id=refused["event_id"])
                taken = await peer.accept()
                await call.next(EngineReady)

        assert formats(refused["session"]) == (PCMU, PCMU)
        assert formats(taken) == (LINEAR, LINEAR)
        assert taken["reasoning"] == {"effort": "low"}

    async def test_by_refusing_without_a_reason(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                for _ in range(2):
                    await peer.hear("session.update")
                    await peer.fail("invalid_request", "invalid_request_error")
                taken = await peer.accept()
                await call.next(EngineReady)

        assert formats(taken) == (LINEAR, LINEAR)

    @pytest.mark.parametrize(
        "described", [(LINEAR, LINEAR), ({"type": "audio/pcm"}, {"type": "audio/pcm"}), (None, None), (PCMU, LINEAR)]
    )
    async def test_by_answering_otherwise(self, described: tuple[Event | None, Event | None]) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                first = await agree(peer, *described)
                assert call.events == []
                second = await agree(peer, *described)
                await call.next(EngineReady)

        assert first == (PCMU, PCMU)
        assert second == (LINEAR, LINEAR)

    @pytest.mark.parametrize(
        "described",
        [
            ({"type": "audio/opus"}, LINEAR),
            (LINEAR, {"type": "audio/pcma"}),
            (LINEAR, {"type": "audio/pcm", "rate": 4}),
            ({"type": "audio/pcm", "rate": 10**9}, LINEAR),
        ],
    )
    async def test_is_not_reached_on_anything_else(self, described: tuple[Event, Event]) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                await agree(peer, *described)
                await agree(peer, *described)
                lost = await call.next(EngineLost)
                await peer.hear_all()

        assert call.events == [EngineLost(EngineLoss.REFUSED, "audio_format")]
        assert lost.code == "audio_format"


class TestBothWays:
    @pytest.mark.parametrize("rate", [24000, 16000, 8000])
    async def test_audio_sounds_the_same(self, rate: int) -> None:
        form = {"type": "audio/pcm", "rate": rate}
        spoken = sine(400, rate).tobytes()
        async with scripted_server() as server:
            with calling(server.base_url) as (session, call):
                peer = await server.peer()
                await agree(peer, form, form)
                await agree(peer, form, form)
                await call.next(EngineReady)
                caller = mulaw.encode(sine(400, 8000))
                for begin in range(0, len(caller), FRAME_BYTES):
                    session.send_audio(base64(caller[begin : begin + FRAME_BYTES]))
                heard = b""
                while len(heard) < len(spoken) - rate // 100:
                    heard += b64decode((await peer.hear("input_audio_buffer.append"))["audio"])

                of_item = {"response_id": "resp_1", "item_id": "item_1"}
                for begin in range(0, len(spoken), 1111):
                    delta = base64(spoken[begin : begin + 1111])
                    await peer.say("response.output_audio.delta", **of_item, delta=delta)
                await peer.say("response.output_audio.done", **of_item)
                await peer.finish()
                await call.next(ResponseEnded)

        played = b"".join(b64decode(audio.payload) for audio in call.all(AssistantAudio))
        assert len(played) == 400 * mulaw.BYTES_PER_MS
        assert sum(audio.ms for audio in call.all(AssistantAudio)) == pytest.approx(400)
        assert signal_to_noise_db(mulaw.decode(played), sine(400, 8000)) > 25
        samples = array("h", heard)
        assert signal_to_noise_db(samples, sine(400, rate)[: len(samples)]) > 25

    async def test_with_the_speech_service(self) -> None:
        ears, brain = ScriptedEars(["This is Bob."]), ScriptedBrain([[Speak("Hello Bob"), Speak("What is it about")]])
        caller = silence(300) + tone(800) + silence(900)
        async with running(ears=ears, brain=brain) as service:
            await service.fault("reject_update", code="invalid_value", param="session.audio.input.format")
            with calling(f"{service.http_url}/v1") as (session, call):
                await call.next(EngineReady)
                (listed,) = (await service.get("/sandbox/sessions"))["sessions"]
                for begin in range(0, len(caller), FRAME_BYTES):
                    session.send_audio(base64(caller[begin : begin + FRAME_BYTES]))
                said = await call.next(CallerSaid)
                session.perform(RequestResponse())
                await call.next(ResponseEnded)

        assert formats(listed["session"]) == (LINEAR, LINEAR)
        assert said.text == "This is Bob."
        words = {done.item_id: len(done.text.split()) for done in call.all(AssistantItemDone)}
        assert sorted(words.values()) == [2, 4]
        for item_id, count in words.items():
            pieces = [audio for audio in call.all(AssistantAudio) if audio.item_id == item_id]
            assert sum(audio.ms for audio in pieces) == pytest.approx(count * WORD_MS, abs=2)
            played = mulaw.decode(b"".join(b64decode(piece.payload) for piece in pieces))
            assert max(played[: len(played) // 2]) > 6000


class TestConversion:
    def test_pieces_of_half_samples_make_no_noise(self) -> None:
        spoken = sine(200, 24000).tobytes()
        whole, pieces = AssistantToMulaw(24000), AssistantToMulaw(24000)
        at_once = whole.convert(AudioDelta("r", "i", base64(spoken))).delta
        cut = [pieces.convert(AudioDelta("r", "i", base64(spoken[at : at + 7]))) for at in range(0, len(spoken), 7)]

        assert b"".join(b64decode(delta.delta) for delta in cut) == b64decode(at_once)

    def test_items_do_not_run_into_each_other(self) -> None:
        spoken = sine(100, 24000).tobytes()
        converter = AssistantToMulaw(24000)
        converter.convert(AudioDelta("r", "first", base64(spoken + b"\x01")))
        second = converter.convert(AudioDelta("r", "second", base64(spoken)))

        alone = AssistantToMulaw(24000).convert(AudioDelta("r", "second", base64(spoken)))
        assert second.delta == alone.delta
        assert converter.finish("r", "first").delta == ""

    @pytest.mark.parametrize("rubbish", ["", "=", "f39", "no base64 at all", "äöü"])
    def test_what_is_no_base64_is_left_out(self, rubbish: str) -> None:
        to_mulaw, to_linear = AssistantToMulaw(24000), CallerToLinear(24000)

        assert to_mulaw.convert(AudioDelta("r", "i", rubbish)).item_id == "i"
        assert len(b64decode(to_linear.convert(rubbish))) <= 6 * len(rubbish)
        assert len(b64decode(to_linear.convert(base64(silence(100))))) > 4000
